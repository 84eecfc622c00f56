// Who can take the next step of the open filesystem, for the bar and for every view that shows it.
import { computed, effect, signal } from '@preact/signals';
import type { Schemas } from '../api/schemas.ts';
import { body, rest } from '../api/session.ts';
import { type Live, reader } from './live.ts';
import { onEvents, snapshots, watched } from './watched.ts';

export type Choices = Schemas['Choices'];
export type Choice = Choices['choices'][number];

/** The name of the open filesystem if it is stepped; null if it is not, or not read yet. */
export const steppedFilesystem = computed(() => {
  const now = watched.value;
  return now?.picture?.filesystem?.scheduler === 'stepped' ? now.fs : null;
});

export const choices = signal<Live<Choices>>({ data: null, problem: null });

let ask: (() => void) | null = null;

/** Reads them again, after something that has no event. */
export const readChoices = (): void => ask?.();

/** Reads the choices of the filesystem of the URL. Called once. */
export function watchChoices(): void {
  effect(() => {
    const fs = steppedFilesystem.value;
    choices.value = { data: null, problem: null };
    if (fs === null) return;
    const path = { fs };
    const reading = reader(choices, async (signal) => {
      const url = '/v1/filesystems/{fs}/choices';
      const answer = await body(rest.peek().GET(url, { params: { path }, signal }));
      // The answer to a step of this window may have overtaken it.
      const shown = choices.peek().data;
      return shown !== null && shown.commands > answer.commands ? shown : answer;
    });
    ask = reading.ask;
    const forgetEvents = onEvents(() => reading.ask());
    const forgetSnapshots = snapshots.subscribe(() => reading.ask());
    return () => {
      ask = null;
      forgetEvents();
      forgetSnapshots();
      reading.stop();
    };
  });
}
