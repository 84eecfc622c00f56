import { z } from 'zod';
import { endedRecord, taskRecord, zOperation } from '../records/operation.ts';
import type { Kernel } from '../state.ts';
import { opId, type TaskId } from '../units.ts';
import type { Predecessors } from '../waits/wait-graph.ts';
import { inodeAskedFor, zByFile } from './by-file.ts';
import { absent, defineView, found, pageOfList, zPage } from './define.ts';

export const operationsView = defineView({
  name: 'operations',
  operationRecords: 'items',
  summary: 'List operations that run or sleep, and recently ended ones',
  doc:
    'Oldest first. state, owner, file and ino filter the list. Ended operations are listed only ' +
    'if they slept or were requested with respond-async.',
  on: 'filesystem',
  path: 'operations',
  query: z.strictObject({
    ...zPage,
    state: z.enum(['running', 'sleeping', 'done', 'failed', 'cancelled']).optional(),
    owner: z.string().max(128).optional(),
    ...zByFile,
  }),
  result: z.object({ items: z.array(zOperation), nextPageToken: z.string().optional() }),
  read(k, _target, query, nowMs) {
    const asked = inodeAskedFor(k, query);
    if (!asked.ok) return asked;
    const current = nowMs - k.limits.endedOperationMs;
    const ids = [...k.tasks.keys(), ...k.ended.keys()].sort((a, b) => a - b);
    const wanted = ids.filter((id) => {
      const ended = k.ended.get(id);
      const task = k.tasks.get(id);
      const state = ended?.state ?? (task?.state === 'sleeping' ? 'sleeping' : 'running');
      if (ended !== undefined && ended.endedMs < current) return false;
      if (query.state !== undefined && query.state !== state) return false;
      if (asked.ino !== null && asked.ino !== (ended ?? task)?.ino && asked.ino !== task?.otherIno)
        return false;
      return query.owner === undefined || query.owner === (ended ?? task)?.owner;
    });
    const page = pageOfList(wanted, query, (id) => id);
    return found({ ...page, items: recordsOf(k, page.items, nowMs) });
  },
});

function recordsOf(k: Kernel, ids: readonly TaskId[], nowMs: number) {
  const predecessors: Predecessors = new Map();
  return ids.map((id) => {
    const task = k.tasks.get(id);
    const ended = k.ended.get(id);
    return task === undefined
      ? ended && endedRecord(k, ended)
      : taskRecord(k, task, nowMs, predecessors);
  });
}

/**
 * At most `max` operations: the oldest of those that run or sleep, and if there is room the newest
 * of those that have ended, in the order of the list. `total` is how many there are.
 */
export function liveFirst(k: Kernel, nowMs: number, max: number) {
  const current = nowMs - k.limits.endedOperationMs;
  const live = [...k.tasks.keys()].sort((a, b) => a - b);
  const ended = [...k.ended.values()]
    .filter(({ endedMs }) => endedMs >= current)
    .map(({ id }) => id)
    .sort((a, b) => a - b);
  const shown = live.slice(0, max);
  const room = max - shown.length;
  if (room > 0) shown.push(...ended.slice(-room));
  return {
    items: recordsOf(
      k,
      shown.sort((a, b) => a - b),
      nowMs,
    ),
    total: live.length + ended.length,
  };
}

export const operation = defineView({
  name: 'operation',
  single: true,
  waits: true,
  operationRecords: 'result',
  summary: 'Get an operation: what it does, what it sleeps on, what blocks it',
  doc:
    'The newest ended operations stay readable for some time (limits endedOperations and ' +
    'endedOperationMs). If the operation read bytes, `result.content.href` is their URL.',
  on: 'operation',
  path: '',
  query: z.strictObject({}),
  result: zOperation,
  read(k, target, _query, nowMs) {
    const id = (target.operation ?? 0) as TaskId;
    const task = k.tasks.get(id);
    if (task !== undefined) return found(taskRecord(k, task, nowMs));
    const ended = k.ended.get(id);
    if (ended !== undefined && nowMs - ended.endedMs <= k.limits.endedOperationMs)
      return found(endedRecord(k, ended));
    return absent('NM4', `there is no operation ${opId(target.operation ?? 0)}`);
  },
});
