import { describe } from "vitest";
import { testSeeds } from "../support/simulation/suite.ts";

describe("a simulated world, part 3", () => testSeeds(3));
