import { describe } from "vitest";
import { testSeeds } from "../support/simulation/suite.ts";

describe("a simulated world, part 1", () => testSeeds(1));
