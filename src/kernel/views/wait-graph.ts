// The current wait graph: tasks, what they sleep on, what blocks them, and every cycle with its
// explanation.
import { z } from 'zod';
import { type Cycle, cycleRecord, zCycle } from '../records/cycle.ts';
import { inodeRecord, inodeRecordOrNone, nameOf } from '../records/inode.ts';
import { pageWaitedFor, stateLetter } from '../sched/task.ts';
import type { Kernel, Task } from '../state.ts';
import { mappingId, opId, type Pfn, pinId, type TaskId, zCount } from '../units.ts';
import { mappingsOn } from '../waits/page-mappings.ts';
import {
  cyclesThrough,
  maybeOnCycle,
  nodesOf,
  type Predecessors,
  pageNode,
  pinsOn,
  waitsFor,
} from '../waits/wait-graph.ts';
import { defineView, found } from './define.ts';

const zNode = z.object({
  id: z.string(),
  kind: z.enum(['operation', 'page', 'lock', 'entry', 'pin', 'mapping']),
  label: z.string(),
  owner: z.string().nullable().optional(),
  state: z.enum(['running', 'S', 'D']).optional(),
  file: z.string().nullable().optional(),
  ino: zCount
    .nullable()
    .optional()
    .describe('The inode of an operation, a pin, a mapping, a lock or an entry.'),
  unlinked: z
    .literal(true)
    .optional()
    .describe('The inode no longer has a name; its locks and entries are named by #ino.'),
});
const zEdge = z.object({ from: z.string(), to: z.string(), because: z.string() });
type Node = z.infer<typeof zNode>;

const cyclesMax = 100;
/** How many sleepers are searched for cycles, and how many are shown. */
const searchesMax = 16;
const shownMax = 1000;
/** The most pins of one page that are shown. */
const pinsShown = 64;
/** The most mappings of one page that are shown. */
const mappingsShown = 64;

export const waitGraph = defineView({
  name: 'wait-graph',
  summary: 'The wait graph: which operation waits for which, and every deadlock',
  doc:
    'An edge means "from waits for to". An operation waits for a page or a lock. A page waits ' +
    'for its pins, or for the sleeping operation of their owner, and under the modern idle rule ' +
    'for its mappings. A mapping is on no cycle, because any thread of its process can remove ' +
    'it. A lock waits for its holders ' +
    'and for the operations queued before. An owner is one thread: while one of its operations ' +
    'sleeps, it releases no pin. A cycle is a deadlock; its nodes are listed from the oldest ' +
    `operation around to that operation again. At most ${shownMax} sleeping operations are ` +
    'shown, first those that can be on a cycle, each with the first 64 nodes that it waits for. ' +
    '`omitted` counts the others.',
  on: 'filesystem',
  path: 'wait-graph',
  query: z.strictObject({}),
  result: z.object({
    nodes: z.array(zNode),
    edges: z.array(zEdge),
    cycles: z.array(zCycle),
    omitted: zCount.describe('Sleepers that are not shown.'),
  }),
  read(k) {
    const nodes = new Map<string, Node>();
    const edges = new Map<string, z.infer<typeof zEdge>>();
    const cycles = new Map<string, Cycle>();
    const addEdge = (from: string, to: string, because: string) =>
      edges.set(`${from} ${to}`, { from, to, because });
    const predecessors: Predecessors = new Map();
    const onCycle = maybeOnCycle(k, predecessors);
    let searches = 0;
    const shown = shownOf(k, onCycle);
    for (const id of shown) {
      const task = k.tasks.get(id);
      if (task === undefined) continue;
      addOperation(k, nodes, id);
      const pfn = pageWaitedFor(task);
      if (pfn !== null) {
        addPage(k, nodes, addEdge, pfn);
        addEdge(
          opId(id),
          pageNode(pfn),
          task.sleep?.on === 'spin' ? 'spins on it' : 'sleeps on it',
        );
        if (task.sleep?.on === 'page') addMappings(k, nodes, addEdge, pfn);
      }
      for (const edge of waitsFor(k, task, predecessors)) {
        addOperation(k, nodes, edge.to);
        if (!nodes.has(edge.through))
          nodes.set(edge.through, {
            id: edge.through,
            kind: kindOf(edge.through),
            label: edge.through,
            ...whoseLock(k, task),
          });
        if (pfn === null) addEdge(opId(id), edge.through, 'sleeps on it');
        addEdge(edge.through, opId(edge.to), edge.because);
      }
      if (cycles.size >= cyclesMax || searches >= searchesMax || !onCycle.has(id)) continue;
      searches += 1;
      for (const cycle of cyclesThrough(k, task, predecessors)) {
        const path = nodesOf(cycle).join(' ');
        if (!cycles.has(path)) cycles.set(path, cycleRecord(k, cycle));
      }
    }
    return found({
      nodes: [...nodes.values()],
      edges: [...edges.values()],
      cycles: [...cycles.values()],
      omitted: k.sleepers.size - shown.length,
    });
  },
});

/**
 * The sleepers to show, longest sleeper first. If there are too many, those that may be on a cycle
 * come first.
 */
function shownOf(k: Kernel, onCycle: ReadonlySet<TaskId>): TaskId[] {
  const all = [...k.sleepers];
  if (all.length <= shownMax) return all;
  return [...all.filter((id) => onCycle.has(id)), ...all.filter((id) => !onCycle.has(id))].slice(
    0,
    shownMax,
  );
}

function kindOf(node: string): Node['kind'] {
  if (node.startsWith('page:')) return 'page';
  return node.startsWith('lock:') ? 'lock' : 'entry';
}

/** The file of the lock or entry that a task waits for. */
function whoseLock(k: Kernel, { sleep }: Task): Partial<Node> {
  if (sleep?.on !== 'lock' && sleep?.on !== 'entry') return {};
  return { file: nameOf(k, sleep.ino), ...inodeRecord(k, sleep.ino) };
}

function addOperation(k: Kernel, nodes: Map<string, Node>, id: TaskId): void {
  const task = k.tasks.get(id);
  if (task === undefined || nodes.has(opId(id))) return;
  const letter = stateLetter(task);
  const state = letter === 'R' ? 'running' : letter;
  nodes.set(opId(id), {
    id: opId(id),
    kind: 'operation',
    label: task.op,
    owner: task.owner,
    state,
    file: nameOf(k, task.ino),
    ...inodeRecordOrNone(k, task.ino),
  });
}

type AddEdge = (from: string, to: string, because: string) => void;

/** A page waits for each pin on it, whether or not the owner of the pin sleeps. */
function addPage(k: Kernel, nodes: Map<string, Node>, addEdge: AddEdge, pfn: Pfn): void {
  const page = pageNode(pfn);
  if (nodes.has(page)) return;
  nodes.set(page, { id: page, kind: 'page', label: `pfn ${pfn}` });
  for (const pin of pinsOn(k, pfn, pinsShown)) {
    const id = pinId(pin.id);
    nodes.set(id, {
      id,
      kind: 'pin',
      label: pin.kind,
      owner: pin.owner,
      file: nameOf(k, pin.ino),
      ...inodeRecord(k, pin.ino),
    });
    addEdge(page, id, pin.owner === null ? 'is pinned by it' : `is pinned by ${pin.owner}`);
  }
}

/** Under the modern idle rule a page also waits for its mappings (S06). */
function addMappings(k: Kernel, nodes: Map<string, Node>, addEdge: AddEdge, pfn: Pfn): void {
  for (const { mapping } of mappingsOn(k, pfn, mappingsShown)) {
    const id = mappingId(mapping.id);
    const { owner, ino } = mapping;
    const label = mapping.shared ? 'shared mapping' : 'private mapping';
    const whose = { file: nameOf(k, ino), ...inodeRecord(k, ino) };
    nodes.set(id, { id, kind: 'mapping', label, owner, ...whose });
    addEdge(pageNode(pfn), id, owner === null ? 'is mapped by it' : `is mapped by ${owner}`);
  }
}
