// An error as a person reads it on stderr: what happened, under which rule, and what helps.
import { type CommandEnd, Refused } from './exit.ts';
import type { Io } from './io.ts';
import { blockerText } from './operation-text.ts';
import { styled } from './output.ts';
import type { Problem } from './schemas.ts';

export function tellError(io: Io, error: CommandEnd): void {
  const say = (line: string) => io.say(line);
  const name = styled(io, io.stderr, 'bold', 'pinhole:');
  const { problem, url } = error instanceof Refused ? error : { problem: null };
  if (error.message === '') return;
  if (problem === null) say(`${name} ${error.message}`);
  else tellProblem(io, name, problem, url);
}

function tellProblem(io: Io, name: string, problem: Problem, url: string | undefined): void {
  const say = (line: string) => io.say(line);
  const errno = styled(io, io.stderr, 'red', problem.errno ?? problem.title);
  say(`${name} ${errno}: ${problem.detail}`);
  for (const { field, message } of problem.fields ?? [])
    if (message !== undefined && !problem.detail.includes(message)) say(`  ${field}: ${message}`);
  for (const blocker of problem.blockedBy ?? []) say(`  blocked by ${blockerText(blocker)}`);
  if (problem.cycle !== undefined) say(`  deadlock: ${problem.cycle.join(' → ')}`);
  if (problem.rule !== undefined) say(`  rule ${problem.rule}: pinhole rule ${problem.rule}`);
  const next = nextOf(problem);
  if (next !== null) say(`  ${next}`);
  if (problem.help !== undefined) say(`  what can be done: ${new URL(problem.help, url).href}`);
}

/** What the caller can do next, by the type of the problem. */
const nextSteps: Readonly<Record<string, string>> = {
  unauthorized: 'Give a token with --token-file or PINHOLE_TOKEN_FILE.',
  'missing-scope': 'Use a token with the scope; "pinhole token create" makes one.',
  ebusy: 'Release what blocks it, or use --force where the command has it.',
};

function nextOf({ type, blockedBy }: Problem): string | null {
  const name = type.slice(type.lastIndexOf('/') + 1);
  const [blocker] = blockedBy ?? [];
  if (blocker?.pin !== undefined) return `To release it: pinhole unpin ${blocker.pin}`;
  return nextSteps[name] ?? null;
}
