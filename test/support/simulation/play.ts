/**
 * Plays: what one seed of the simulation plays.
 *
 *   troupe   threads of actors that do to each other all that processes can      the most of it
 *   inbox    one mailbox, flooded, beside a model of it
 *   family   a supervisor and its children
 *   rush     the run queue under load
 *
 * A seed replays exactly: `node scripts/simulate.mjs --first 7 --count 1`.
 */
import { Random, SimulationError, SimWorld } from "../../../kernel/testing/index.ts";
import { Family } from "./family.ts";
import { Inbox } from "./inbox.ts";
import { Rush } from "./rush.ts";
import { Troupe } from "./troupe.ts";

const plays = { troupe: Troupe, inbox: Inbox, family: Family, rush: Rush };
export type PlayName = keyof typeof plays;

/** What came of one seed. */
export interface Played {
  readonly play: PlayName;
  readonly seed: number;
  readonly steps: number;
  /** The virtual clock at the end. */
  readonly nowMs: number;
  /** How much happened: a world in which nothing happens would keep every law. */
  readonly events: number;
}

/** Of twenty seeds, so many play it. */
const shares: Readonly<Record<PlayName, number>> = { troupe: 11, inbox: 5, family: 3, rush: 1 };

/**
 * Plays one seed.
 *
 * @throws {SimulationError} with what must not have happened
 */
export async function playSeed(seed: number): Promise<Played> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // actors make errors by the thousand, and nobody reads their stacks
  try {
    const world = new SimWorld(seed);
    const name = playOf(seed);
    const play = new plays[name](world);
    await play.play();
    const violations = play.violations.list;
    if (violations.length > 0) throw new SimulationError(`${name}: ${violations.join("\n  ")}`, seed);
    return { play: name, seed, steps: world.steps, nowMs: world.nowMs, events: play.events };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function playOf(seed: number): PlayName {
  let dice = new Random(seed).below(20);
  for (const name of Object.keys(shares) as PlayName[]) if ((dice -= shares[name]) < 0) return name;
  return "troupe";
}
