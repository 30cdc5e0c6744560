/**
 * What is rendered: a table of rows, and a tree of components; and chains of states, each of which differs from the one
 * before it in the same way.
 */

export interface Row {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly volume: number;
  readonly status: string;
}

/** A component for each; `label` is its text. */
export interface Tree {
  readonly id: number;
  readonly label: string;
  readonly children: readonly Tree[];
}

/** The rows of /dashboard. */
export function table(count: number): readonly Row[] {
  return Array.from({ length: count }, (_, i) => {
    const id = i + 1;
    return { id, name: `Item ${id}`, price: id * 10, volume: id * 100, status: "open" };
  });
}

/** A binary tree of that depth: 2^depth - 1 components. */
export function tree(depth: number, id = 1): Tree {
  const children = depth === 1 ? [] : [tree(depth - 1, 2 * id), tree(depth - 1, 2 * id + 1)];
  return { id, label: `Node ${id}`, children };
}

/** `first`, and `length` states that follow it. */
export type Chain<State> = readonly State[];

export function chain<State>(first: State, length: number, next: (state: State, step: number) => State): Chain<State> {
  const states = [first];
  for (let step = 1; step <= length; step++) states.push(next(states[step - 1]!, step));
  return states;
}

/** So many rows of the table get another price, spread over it; with `volume`, another volume too. */
export function changed(rows: readonly Row[], count: number, step: number): readonly Row[] {
  const picked = new Set<number>();
  for (let i = 0; i < count; i++) picked.add((step * 37 + i * Math.floor(rows.length / count)) % rows.length);
  return rows.map((row, i) =>
    picked.has(i) ? { ...row, price: 1000 + (step % 9000), ...(count > 1 ? { volume: 10_000 + step } : {}) } : row,
  );
}

export function reversed(rows: readonly Row[]): readonly Row[] {
  return [...rows].reverse();
}

/** One leaf gets another label; what leads to it is new, all else the same. */
export function relabelled(root: Tree, depth: number, step: number): Tree {
  const leaf = 2 ** (depth - 1) + ((step * 37) % 2 ** (depth - 1));
  const visit = (node: Tree, height: number): Tree => {
    if (height === 0) return { ...node, label: `Leaf ${step}` };
    const next = leaf >> (height - 1);
    return { ...node, children: node.children.map((child) => (child.id === next ? visit(child, height - 1) : child)) };
  };
  return visit(root, depth - 1);
}
