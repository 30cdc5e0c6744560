/**
 * Strategies: who is restarted when a child has to be.
 *
 *   children      a  b  c  d        b ends
 *   oneForOne        b              the others are not touched
 *   oneForAll     a  b  c  d
 *   restForOne       b  c  d        b, and what was started after it
 *
 * Those that run are stopped in reverse order, then all are started in order: also one that had ended for good or been
 * stopped by hand. Temporary ones are stopped, and gone.
 * Source: Erlang/OTP, supervisor, "Supervision principles"; S1 of the feature map.
 */
export type Strategy = "oneForOne" | "oneForAll" | "restForOne";

export const strategies: readonly Strategy[] = ["oneForOne", "oneForAll", "restForOne"];

/** @param children in the order in which they are started */
export function restartedWith<C>(strategy: Strategy, children: readonly C[], child: C): readonly C[] {
  switch (strategy) {
    case "oneForOne":
      return [child];
    case "oneForAll":
      return children;
    case "restForOne":
      return children.slice(children.indexOf(child));
  }
}
