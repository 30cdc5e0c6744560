/**
 * Property tests play the same runs each time, so that a red run is red again. LINTEL_SEED=7 plays others, and
 * LINTEL_SEED=random those of the moment; what fails says its seed. Loaded by vitest before each file.
 */
import fc from "fast-check";

const given = process.env["LINTEL_SEED"] ?? "20261121";

/** Of the first run of a suite that makes several. */
export const firstSeed = given === "random" ? Date.now() & 0x7fff_ffff : Number(given);

fc.configureGlobal({ seed: firstSeed });
