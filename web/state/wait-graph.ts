// The wait graph of the open filesystem: read once for every view that shows it.
import { effect, signal } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import type { Schemas } from '../api/schemas.ts';
import { body, rest } from '../api/session.ts';
import { type Live, reader } from './live.ts';
import { openFilesystem } from './location.ts';
import { onEvents, snapshots } from './watched.ts';

export type WaitGraph = Schemas['WaitGraph'];
export type Cycle = WaitGraph['cycles'][number];

/** Events that can change who waits for whom. */
const ofWaits = new Set<PinholeEvent['type']>([
  'pinhole.task.blocked',
  'pinhole.task.woken',
  'pinhole.layout.retried',
  'pinhole.deadlock.detected',
  'pinhole.operation.done',
  'pinhole.operation.failed',
  'pinhole.operation.cancelled',
  'pinhole.page.pinned',
  'pinhole.page.unpinned',
  'pinhole.page.collected',
  'pinhole.page.dropped',
  'pinhole.page.unmapped',
  'pinhole.mapping.removed',
  'pinhole.lock.acquired',
  'pinhole.lock.released',
  'pinhole.strategy.changed',
  'pinhole.power.restored',
]);

export const concernsWaits = ({ type }: PinholeEvent): boolean => ofWaits.has(type);

export const waitGraph = signal<Live<WaitGraph>>({ data: null, problem: null });

/** Reads the wait graph of the filesystem of the URL. Called once. */
export function watchWaitGraph(): void {
  effect(() => {
    const fs = openFilesystem.value;
    waitGraph.value = { data: null, problem: null };
    if (fs === null) return;
    const path = { fs };
    const reading = reader(waitGraph, (signal) =>
      body(rest.peek().GET('/v1/filesystems/{fs}/wait-graph', { params: { path }, signal })),
    );
    const forgetEvents = onEvents((events) => {
      if (events.some(concernsWaits)) reading.ask();
    });
    // The first snapshot of the filesystem, and each one after a gap.
    let seen = snapshots.peek();
    const forgetSnapshots = snapshots.subscribe((count) => {
      if (count === seen) return;
      seen = count;
      reading.ask();
    });
    return () => {
      forgetEvents();
      forgetSnapshots();
      reading.stop();
    };
  });
}
