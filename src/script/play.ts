// Plays a script on a machine.
import { apply, atRest } from '../kernel/kernel.ts';
import type { Command, Effects, Kernel } from '../kernel/state.ts';

/** Gives the commands one after another, each when the machine rests. Yields what each did. */
export function* play(k: Kernel, commands: Iterable<Command>): Generator<Effects> {
  for (const command of commands) {
    const effects = enter(k, command);
    while (!effects.unmounted && !atRest(k)) {
      const { events, replies } = enter(k, null);
      effects.events.push(...events);
      effects.replies.push(...replies);
    }
    yield effects;
    if (effects.unmounted) return;
  }
}

const enter = (k: Kernel, command: Command | null): Effects =>
  apply(k, { seq: k.seq + 1, timeMs: k.nowMs, command });
