import { describe } from "vitest";
import { testSeeds } from "../support/simulation/suite.ts";

describe("a simulated world, part 4", () => testSeeds(4));
