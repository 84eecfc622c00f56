// The counters of all families: of the server, of a tenant, or of one filesystem.
import type { HostedFilesystem } from '../engine/engine.ts';
import type { EventType } from '../kernel/events.ts';
import type { EventSource } from './define.ts';
import type { StatedRow } from './exposition.ts';
import { families } from './index.ts';

/** The state of each family, in the order of the registry. */
export type States = unknown[];

export const freshStates = (): States => families.map((family) => family.create());

/** Sets the gauges to the present state of the filesystem. */
export function adopt(states: States, { kernel }: HostedFilesystem): void {
  for (const [at, family] of families.entries()) family.adopt?.(states[at], kernel);
}

export function rowsOf(states: States, scope: 'tenant' | 'server'): StatedRow[] {
  return families.flatMap((family, at) =>
    scope === 'tenant' && family.scope === 'server'
      ? []
      : family.rows.map((row) => ({ row, state: states[at] })),
  );
}

/** How one family counts an event. `at` is the index of the family in the registry. */
interface Listener {
  at: number;
  call: (state: unknown, data: unknown, place: EventSource) => void;
}

/** The families that count each type of event, so that an event visits only those. */
export const listeners: ReadonlyMap<EventType, readonly Listener[]> = listenersByType();

function listenersByType(): Map<EventType, Listener[]> {
  const byType = new Map<EventType, Listener[]>();
  for (const [at, family] of families.entries()) {
    for (const [type, call] of Object.entries(family.on)) {
      const all = byType.get(type as EventType) ?? [];
      // The key of the table guarantees that the data belongs to the type of the event.
      byType.set(type as EventType, [...all, { at, call: call as Listener['call'] }]);
    }
  }
  return byType;
}
