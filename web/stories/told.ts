// What a story tells: its columns, where a class is asked, and which calls are left.
import type { Schemas } from '../api/schemas.ts';
import { stepText } from '../stepper/step-words.ts';

export type Story = Schemas['Story'];
export type Outline = Schemas['Stories']['items'][number];
export type Move = Story['steps'][number];
export type CallRequest = Story['requests'][number];

/** A strategy and its options, by the name of a column such as `break-layouts modern`. */
export function choiceOf(column: string): { name: string; idleRule?: string } {
  const [name = '', idleRule] = column.split(' ');
  return idleRule === undefined ? { name } : { name, idleRule };
}

/** "T punches": the first sentence of the text. */
export const firstSentence = (text: string): string => /^.*?[.?!](?=\s|$)/.exec(text)?.[0] ?? text;

/**
 * After how many moves a class is asked what happens now: when the last operation has fallen asleep,
 * or else in the middle. At least one move is left to show the answer.
 */
export function questionAt(moves: readonly Move[]): number {
  const asleep = moves.findLastIndex(({ step }) => step === 'sleep') + 1;
  const at = asleep === 0 ? Math.ceil(moves.length / 2) : asleep;
  return Math.min(at, moves.length - 1);
}

/** The places in `commands` of the calls that the moves before `end` began. */
export const callsIn = (moves: readonly Move[], end: number): number[] =>
  moves.slice(0, end).flatMap(({ call }) => call ?? []);

/** The next call of each thread that has one left. */
export function nextCalls(
  { threads }: Pick<Story, 'threads'>,
  made: ReadonlySet<number>,
): { owner: string; call: number }[] {
  return threads.flatMap(({ owner, commands }) => {
    const call = commands.find((at) => !made.has(at));
    return call === undefined ? [] : [{ owner, call }];
  });
}

/** Off the way that the story tells, things have other ids: those that the owner has now. */
export function withIds(path: string, ids: { pin?: string; operation?: string }): string {
  return path
    .replace(/(?<=\/pins\/)pin_\d+/, (id) => ids.pin ?? id)
    .replace(/(?<=\/operations\/)op_\d+/, (id) => ids.operation ?? id);
}

/** What a move does, as a sentence: "G locks the entry of the page in the file." */
export function moveText({ who, step, text }: Pick<Move, 'who' | 'step' | 'text'>): string {
  const does = step === undefined ? undefined : stepText(step);
  return who === '' || does === undefined || does === step ? text : `${who} ${does}.`;
}

/** How the story ends on this way, as a sentence. */
export function endingText(verdict: string): string {
  switch (verdict) {
    case 'deadlock':
      return 'It ends in a deadlock: each waits for the other, and nobody can go on.';
    case 'hangs':
      return 'It hangs: an operation sleeps, and nothing that the others can do wakes it.';
    case 'starves':
      return 'It starves: the others can go on like this for ever, and it never gets its turn.';
    case 'frees under the pin':
      return 'A block was freed while a device may still write to it.';
    case 'waits':
      return 'It waits for the pin, wakes up, and all ends well.';
    default:
      return 'It completes: all calls have ended.';
  }
}
