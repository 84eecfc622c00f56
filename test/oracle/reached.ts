// What the schedules of a run reached in Linux. A counter that stays 0 means that the generator
// does not come there.
import type { Kernel } from '../../src/kernel/state.ts';
import type { Seen } from './guest.ts';

export const places = [
  'sleep on a page',
  'two calls asleep on pages',
  'victims in D',
  'refault during the wait',
  'eviction with a pin',
  'signal during a wait',
  'EINTR',
  'SIGBUS',
  'ENOSPC',
  'EOPNOTSUPP for a long-term pin',
  '2 MiB entries',
  'calls that race',
] as const;
export type Place = (typeof places)[number];

export class Reached {
  readonly counts = Object.fromEntries(places.map((place) => [place, 0])) as Record<Place, number>;
  #evicting = false;

  /** `k` is the simulated kernel, which agrees with Linux and shows what Linux does not. */
  note(line: string, { tasks }: Seen, k: Kernel): void {
    const count = (place: Place, happened: boolean): void => {
      if (happened) this.counts[place] += 1;
    };
    const asleep = tasks.filter((task) => 'state' in task && task.state === 'S').length;
    const errnos = tasks.map((task) => ('errno' in task ? task.errno : ''));
    const inodes = [...k.inodes.values()];
    count('sleep on a page', asleep > 0);
    count('two calls asleep on pages', asleep > 1);
    count(
      'victims in D',
      tasks.some((task) => 'state' in task && task.state === 'D'),
    );
    count('refault during the wait', asleep > 0 && /\b(load|store|pin) /.test(line));
    const evicting = inodes.some(({ nlink }) => nlink === 0) && k.pins.size > 0;
    count('eviction with a pin', evicting && !this.#evicting);
    this.#evicting = evicting;
    count('signal during a wait', line.startsWith('signal'));
    count('EINTR', errnos.includes('EINTR'));
    count('SIGBUS', errnos.includes('SIGBUS'));
    count('ENOSPC', errnos.includes('ENOSPC'));
    count('EOPNOTSUPP for a long-term pin', errnos.includes('EOPNOTSUPP'));
    count(
      '2 MiB entries',
      inodes.some(({ pmds }) => pmds !== null),
    );
    count('calls that race', line.includes(' & '));
  }

  add(other: Reached): void {
    for (const place of places) this.counts[place] += other.counts[place];
  }
}
