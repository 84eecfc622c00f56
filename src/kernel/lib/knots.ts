// Tarjan's algorithm: the strongly connected components of a graph in which there is a cycle.

/**
 * The knots of the graph: sets of nodes of which each can be reached from each other one by at
 * least one edge. A recursion would be as deep as the graph is long, so the stack is explicit.
 */
export function knotsOf(graph: ReadonlyMap<number, readonly number[]>): number[][] {
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  const knots: number[][] = [];
  const lower = (node: number, to: number): void => {
    low.set(node, Math.min(low.get(node) as number, to));
  };
  const enter = (node: number): { node: number; next: number } => {
    low.set(node, index.size);
    index.set(node, index.size);
    stack.push(node);
    onStack.add(node);
    return { node, next: 0 };
  };
  const leave = (node: number): void => {
    if (low.get(node) !== index.get(node)) return;
    const knot = stack.splice(stack.lastIndexOf(node));
    for (const done of knot) onStack.delete(done);
    if (knot.length > 1 || graph.get(node)?.includes(node)) knots.push(knot);
  };
  for (const root of graph.keys()) {
    if (index.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const to = graph.get(top.node)?.[top.next];
      top.next += 1;
      if (to === undefined) {
        path.pop();
        leave(top.node);
        const above = path.at(-1);
        if (above !== undefined) lower(above.node, low.get(top.node) as number);
      } else if (!index.has(to)) path.push(enter(to));
      else if (onStack.has(to)) lower(top.node, index.get(to) as number);
    }
  }
  return knots;
}
