import fc from 'fast-check';
import { expect, test } from 'vitest';
import { knotsOf } from '../../../src/kernel/lib/knots.ts';

const graphOf = (edges: readonly (readonly [number, number])[]): Map<number, number[]> => {
  const graph = new Map<number, number[]>();
  for (const [from, to] of edges) {
    graph.set(from, [...(graph.get(from) ?? []), to]);
    graph.set(to, graph.get(to) ?? []);
  }
  return graph;
};

test('knots of a graph with a tail, two circles and a node that leads to itself', () => {
  const graph = graphOf([
    [0, 1],
    [1, 2],
    [2, 1],
    [2, 3],
    [3, 3],
    [3, 4],
    [5, 6],
    [6, 7],
    [7, 5],
  ]);
  const knots = knotsOf(graph).map((knot) => knot.sort((a, b) => a - b));
  expect(knots.sort(([a], [b]) => (a ?? 0) - (b ?? 0))).toEqual([[1, 2], [3], [5, 6, 7]]);
});

test('a node is in a knot if and only if an edge leads from it on a way back to it', () => {
  const edge = fc.tuple(fc.nat(7), fc.nat(7));
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 16 }), (edges) => {
      const graph = graphOf(edges);
      const inKnots = knotsOf(graph).flat();
      const comesBack = [...graph.keys()].filter((node) => {
        const reached = new Set(graph.get(node));
        for (const at of reached) for (const to of graph.get(at) ?? []) reached.add(to);
        return reached.has(node);
      });
      expect(inKnots.sort((a, b) => a - b)).toEqual(comesBack.sort((a, b) => a - b));
    }),
  );
});

test('a chain of 100,000 nodes is no recursion', () => {
  const chain = Array.from({ length: 100_000 }, (_, node) => [node, node + 1] as const);
  expect(knotsOf(graphOf(chain))).toEqual([]);
});
