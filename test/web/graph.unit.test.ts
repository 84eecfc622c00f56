import * as dagre from '@dagrejs/dagre';
import { describe, expect, test } from 'vitest';
import { cycleColumns, cycleSentence } from '../../web/graph/cycle-words.ts';
import { drawnGraph } from '../../web/graph/drawn-graph.ts';
import { layoutOf, pathOf, sizeOf } from '../../web/graph/layout.ts';
import { sentenceText } from '../../web/parts/sentence-part.ts';

type Graph = Parameters<typeof drawnGraph>[0];
type Node = Graph['nodes'][number];

const options = { expanded: new Set<string>(), selected: null, nodesMax: 200 };

const operation = (id: string): Node => ({
  id,
  kind: 'operation',
  label: 'punch-hole',
  owner: 'T',
  state: 'D',
});

/** op_1 waits for page 2, which pin_1 holds; `waiters` operations queue for its lock. */
function queue(waiters: number): Graph {
  const ids = Array.from({ length: waiters }, (_one, at) => `op_${at + 2}`);
  const lock = 'lock:a:i_rwsem';
  return {
    nodes: [
      operation('op_1'),
      { id: 'page:2', kind: 'page', label: 'pfn 2' },
      { id: 'pin_1', kind: 'pin', label: 'rdma', owner: '<img src=x onerror=alert(1)>' },
      { id: lock, kind: 'lock', label: lock, file: 'a' },
      ...ids.map(operation),
    ],
    edges: [
      { from: 'page:2', to: 'pin_1', because: 'is pinned by nic' },
      { from: 'op_1', to: 'page:2', because: 'sleeps on it' },
      { from: lock, to: 'op_1', because: 'holds it exclusive' },
      ...ids.map((from) => ({ from, to: lock, because: 'sleeps on it' })),
      ...ids.slice(0, -1).map((to) => ({ from: lock, to, because: 'is queued before it' })),
    ],
    cycles: [],
    omitted: 7,
    cursor: 'e.1',
  };
}

describe('what is drawn of the wait graph', () => {
  test('pins are tags of their page, and a held lock says how', () => {
    const { nodes, edges } = drawnGraph(queue(2), options);
    expect(nodes.map(({ id }) => id)).toEqual(['op_1', 'page:2', 'lock:a:i_rwsem', 'op_2', 'op_3']);
    expect(nodes[1]?.tags).toEqual([{ id: 'pin_1', text: 'pin_1 <img src=x onerror=…' }]);
    expect(edges.find(({ to }) => to === 'op_1')?.label).toBe('exclusive');
  });

  test('200 waiters of a lock are drawn as a few and a count; a click shows them', () => {
    const { nodes, leftOut } = drawnGraph(queue(200), options);
    expect(nodes.map(({ id }) => id).slice(3)).toEqual([
      'op_2',
      'op_3',
      'op_4',
      'op_5',
      'op_6',
      'more:lock:a:i_rwsem',
    ]);
    expect(nodes.at(-1)?.lines[0]).toBe('195 more wait');
    expect(leftOut).toBe(7);
    const all = drawnGraph(queue(190), { ...options, expanded: new Set(['lock:a:i_rwsem']) });
    expect(all.nodes).toHaveLength(193);
  });

  test('the selected one is never folded, and what is beyond the bound is counted', () => {
    const selected = { ...options, selected: 'op_150' };
    expect(drawnGraph(queue(200), selected).nodes.some(({ id }) => id === 'op_150')).toBe(true);
    const few = { ...options, expanded: new Set(['lock:a:i_rwsem']), nodesMax: 50 };
    const { nodes, leftOut } = drawnGraph(queue(200), few);
    expect([nodes.length, leftOut]).toEqual([50, 7 + 201 - 48]);
  });
});

describe('the layout', () => {
  const fresh = (graph: Graph) =>
    layoutOf(dagre, drawnGraph(graph, options), { direction: 'LR', last: null });

  test('goes from who waits to what is waited for', () => {
    const { boxes } = fresh(queue(2));
    const xs = ['op_2', 'lock:a:i_rwsem', 'op_1', 'page:2'].map((id) => boxes.get(id)?.x ?? 0);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
  });

  test('nothing moves when one goes, and most stay when one comes', () => {
    const last = fresh(queue(4));
    const fewer = layoutOf(dagre, drawnGraph(queue(3), options), { direction: 'LR', last });
    for (const [id, box] of fewer.boxes) expect(box, id).toEqual(last.boxes.get(id));
    const more = layoutOf(dagre, drawnGraph(queue(5), options), { direction: 'LR', last });
    const stayed = [...last.boxes].filter(([id, { y }]) => more.boxes.get(id)?.y === y);
    expect(stayed.map(([id]) => id)).toEqual(['op_2', 'op_3', 'op_4', 'op_5']);
  });

  test('a node is as high as its tags need', () => {
    const node = drawnGraph(queue(0), options).nodes[1]!;
    const { height } = sizeOf(node);
    expect(height).toBeGreaterThan(sizeOf({ ...node, tags: [] }).height);
  });

  test('an edge of two points is a line, one of more a curve', () => {
    expect(
      pathOf([
        { x: 0, y: 0 },
        { x: 4, y: 2 },
      ]),
    ).toBe('M 0.0 0.0 L 4.0 2.0');
    expect(
      pathOf([
        { x: 0, y: 0 },
        { x: 4, y: 2 },
        { x: 8, y: 0 },
      ]),
    ).toBe('M 0.0 0.0 Q 4.0 2.0 8.0 0.0');
  });
});

describe('a deadlock', () => {
  const step = { op: 'pin', owner: 'G', sinceMs: 0 };
  const cycle = {
    nodes: ['op_6', 'page:2', 'op_8', 'lock:a:invalidate_lock', 'op_6'],
    explanation: '',
    columns: null,
    steps: [
      { ...step, operation: 'op_8', does: 'holds' as const, node: 'page:2', pin: 'pin_1' },
      {
        ...step,
        operation: 'op_6',
        op: 'punch-hole',
        owner: 'T',
        does: 'holds' as const,
        node: 'lock:a:invalidate_lock',
        mode: 'exclusive' as const,
      },
      {
        ...step,
        operation: 'op_6',
        op: 'punch-hole',
        owner: 'T',
        does: 'wants' as const,
        node: 'page:2',
      },
      { ...step, operation: 'op_8', does: 'wants' as const, node: 'lock:a:invalidate_lock' },
    ],
  };

  test('is told in a sentence', () => {
    expect(sentenceText(cycleSentence(null, cycle))).toBe(
      'op_6 (punch-hole by T) waits for page 2. op_8 (pin by G) holds it by pin_1, and waits for ' +
        'invalidate_lock of a. op_6 holds it exclusive. Neither of the two can go on, because each ' +
        'waits for what the next one holds.',
    );
  });

  test('has a column for each operation, and its steps in the order of time', () => {
    const { operations, rows } = cycleColumns(cycle);
    expect(operations).toEqual(['op_8', 'op_6']);
    expect(rows.map(({ column, does, node }) => `${column} ${does} ${node}`)).toEqual([
      '0 holds page:2',
      '1 holds lock:a:invalidate_lock',
      '1 wants page:2',
      '0 wants lock:a:invalidate_lock',
    ]);
  });
});
