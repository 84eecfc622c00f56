import type { PinholeEvent } from 'pinhole/client';

/**
 * The events of the last command: from its `task.step` or its submission on. A command that ends at
 * once, such as an unpin, begins with the first event of an operation that was not heard of before.
 */
export function eventsOfLastStep(events: readonly PinholeEvent[]): readonly PinholeEvent[] {
  let from = 0;
  let newest = 0;
  for (const [at, { type, operation }] of events.entries()) {
    const number = operation === undefined ? 0 : Number(operation.slice('op_'.length));
    const begins = type === 'pinhole.task.step' || type === 'pinhole.clock.advanced';
    if (begins || number > newest) from = at;
    newest = Math.max(newest, number);
  }
  return events.slice(from);
}
