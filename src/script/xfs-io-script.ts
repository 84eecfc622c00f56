// Lines of a shell script that call xfs_io(8): `xfs_io -f -c "pwrite -S 0x61 0 64k" FILE`.
import { parse as shellWords } from 'shell-quote';
import { ScriptError } from './script-error.ts';
import type { OpenWith } from './xfs-io-files.ts';
import { BadOption, wordsOf } from './xfs-io-words.ts';

export interface XfsIoCall extends OpenWith {
  files: readonly string[];
  /** `each`: given with -c, so it runs for each open file. */
  commands: readonly { line: string; each: boolean }[];
}

/** Empty lines and comments are skipped. Throws a ScriptError that names the line. */
export function parseXfsIo(text: string): XfsIoCall[] {
  return text.split('\n').flatMap((raw, index) => {
    const trimmed = raw.trim().replace(/^\$ /, '');
    return trimmed === '' || trimmed.startsWith('#') ? [] : [callOf(trimmed, index + 1)];
  });
}

function callOf(text: string, line: number): XfsIoCall {
  const where = `line ${line}`;
  const words = shellWords(text).map((word) => {
    if (typeof word === 'string') return word;
    throw new ScriptError(where, 'redirections, patterns and pipes are not understood');
  });
  if (words.shift() !== 'xfs_io') throw new ScriptError(where, 'begins with xfs_io');
  const commands: { line: string; each: boolean }[] = [];
  const others: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word !== '-c' && word !== '-C') {
      others.push(word);
      continue;
    }
    at += 1;
    const given = words[at];
    if (given === undefined) throw new ScriptError(where, `${word} needs a command`);
    commands.push({ line: given, each: word === '-c' });
  }
  try {
    const { options, rest } = wordsOf(others, 'dfrst');
    if (rest.length === 0) throw new ScriptError(where, 'the file is missing');
    return {
      files: rest,
      commands,
      create: options.has('f'),
      truncate: options.has('t'),
      readOnly: options.has('r'),
      sync: options.has('s'),
      direct: options.has('d'),
    };
  } catch (error) {
    if (error instanceof BadOption) throw new ScriptError(where, error.message);
    throw error;
  }
}
