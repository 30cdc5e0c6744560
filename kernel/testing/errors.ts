/** Errors of simulated runs. The code is stable and listed in docs/errors.md. */
import { LintelError } from "../errors.ts";

/** A simulated run that failed, or does not end. Its `seed` replays it. */
export class SimulationError extends LintelError {
  override readonly name = "SimulationError";
  readonly code = "ERR_SIMULATION";
  readonly seed: number;

  constructor(message: string, seed: number, options?: ErrorOptions) {
    super(message, options);
    this.seed = seed;
  }
}
