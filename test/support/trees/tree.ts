/**
 * A random supervision tree, of which grove.ts and forest.ts are two kinds: its shape, what is remembered of it while it runs,
 * and what a hand may ask of it. Random numbers are drawn in a fixed order: a seed stands for a run.
 */
import { CallError, StartError } from "../../../kernel/errors.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { Pid } from "../../../kernel/pid.ts";
import { processOf } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import type { Random } from "../../../kernel/testing/index.ts";
import type { ChildInfo } from "../../../supervisor/child.ts";
import type { Restart } from "../../../supervisor/child-spec.ts";
import { SupervisorError } from "../../../supervisor/errors.ts";
import type { Strategy } from "../../../supervisor/strategy.ts";
import { Supervisor, type SupervisorDefinition, type SupervisorProtocol } from "../../../supervisor/supervisor.ts";

/** A place in the tree: a worker, or a supervisor with children. */
export interface TreePlace {
  readonly id: string;
  readonly restart: Restart;
  readonly team: TreeTeam | undefined;
}

/** How often a supervisor may restart whom. */
export interface Policy {
  readonly strategy: Strategy;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

/** A supervisor's spec. */
export interface TreeTeam<P extends TreePlace = TreePlace> extends Policy {
  readonly places: readonly P[];
  readonly definition: SupervisorDefinition;
}

/** What is remembered of a child, under one supervisor. */
export interface Life {
  /** When it was restarted lately, on the world's clock; undefined: it has not started yet. */
  restartsMs: number[] | undefined;
  /** How its last process ended. */
  lastReason: unknown;
  /** It was stopped by hand, and is down for that. */
  byHand: boolean;
  /** Requests about it that have not been answered. */
  requests: number;
}

/** What is remembered of a supervisor that runs. */
export interface TreePost<P extends TreePlace = TreePlace> {
  readonly team: TreeTeam<P>;
  readonly process: Process;
  readonly lives: ReadonlyMap<P, Life>;
}

// ---- how it grows ------------------------------------------------------------------------------------------------------

/**
 * A team's places, `size` of them with all below, `most` at the most.
 *
 * @param grow makes one of them, with so many below it; 0: a worker
 */
export function growPlaces<P>(
  random: Random,
  { depth, size, most }: { readonly depth: number; readonly size: number; readonly most: number },
  grow: (below: number) => P,
): P[] {
  const places: P[] = [];
  let left = size;
  while (left > 0 && places.length < most) {
    const below = depth > 1 && left > 2 && random.chance(0.4) ? 1 + random.below(left - 1) : 0;
    places.push(grow(below));
    left -= 1 + below;
  }
  return places;
}

export function randomPolicy(random: Random): Policy {
  return {
    strategy: random.pick<Strategy>(["oneForOne", "oneForAll", "restForOne"]),
    maxRestarts: random.pick([0, 1, 2, 3, 5, 20]),
    maxSeconds: random.pick([0.05, 0.2, 5]),
  };
}

/** For a message on which a worker ends. */
export function randomLeave(random: Random): { readonly leave: unknown } {
  return { leave: random.pick<unknown>(["odd", "odd", "normal", "shutdown", { shutdown: "done" }]) };
}

// ---- what is where -----------------------------------------------------------------------------------------------------

export function findTeam<P extends TreePlace & { readonly team: T | undefined }, T extends TreeTeam<P>>(
  team: T,
  is: (team: T) => boolean,
): T | undefined {
  if (is(team)) return team;
  for (const place of team.places) {
    const found = place.team === undefined ? undefined : findTeam<P, T>(place.team, is);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Nothing is known yet of its children. */
export function newPost<P extends TreePlace, T extends TreeTeam<P>>(
  team: T,
  process: Process,
): TreePost<P> & { readonly team: T } {
  const life = (): Life => ({ restartsMs: undefined, lastReason: undefined, byHand: false, requests: 0 });
  return { team, process, lives: new Map(team.places.map((place) => [place, life()])) };
}

/** A supervisor's own list; empty when it has ended, or has not begun. */
export function childrenOf(process: Process): readonly ChildInfo[] {
  if (processOf(process.pid) === undefined || process.state === undefined) return [];
  return (process.behaviour.getState!(process) as { readonly children: readonly ChildInfo[] }).children;
}

// ---- by hand -----------------------------------------------------------------------------------------------------------

/** Asks a supervisor to stop or to restart one of its children. */
export function askByHand<P extends TreePlace>(
  random: Random,
  asker: Kernel,
  pid: Pid<SupervisorProtocol>,
  post: TreePost<P>,
): void {
  const place = random.pick(post.team.places);
  const life = post.lives.get(place)!;
  life.requests += 1;
  const asked = random.chance(0.6)
    ? Supervisor.terminateChild(asker, pid, place.id).then(() => terminated(post, life))
    : Supervisor.restartChild(asker, pid, place.id);
  asked
    .catch((thrown: unknown) => {
      if (thrown instanceof SupervisorError || thrown instanceof CallError) return;
      if (!(thrown instanceof StartError)) throw thrown;
      life.byHand = true; // it could not be started by hand, and nobody else tries
    })
    .finally(() => {
      life.requests -= 1;
    });
}

/** Of a team that is restarted together, those who were to start after it stay down with it. */
function terminated({ team, lives, process }: TreePost, life: Life): void {
  life.byHand = true;
  if (team.strategy === "oneForOne") return;
  for (const { id, pid } of childrenOf(process)) {
    if (pid === undefined) lives.get(team.places.find((place) => place.id === id)!)!.byHand = true;
  }
}
