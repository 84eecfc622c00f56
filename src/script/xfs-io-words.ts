// The words of a command of xfs_io(8): its options and its numbers.

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 4096,
  s: 512,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
  e: 2 ** 60,
};

/**
 * `64k`, `0x1000`, `010` (which is octal, as for strtoll); null if it is no size. xfs_io counts up
 * to 2^63-1 and a machine up to 2^53-1, so what lies between is an error of the machine.
 */
export function sizeOf(text: string): number | null {
  const [, digits, unit = ''] = /^(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)([bskmgtpe]?)$/i.exec(text) ?? [];
  if (digits === undefined) return null;
  const number = /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  const bytes = number * (units[unit.toLowerCase()] as number);
  return bytes < 2 ** 63 ? bytes : null;
}

/** The byte of -S: any number, of which the lowest eight bits count. */
export function seedOf(text: string): number | null {
  const size = sizeOf(text.replace(/^-/, ''));
  if (size === null || !/^-?[0-9a-fx]+$/i.test(text)) return null;
  return Number(BigInt.asUintN(8, BigInt(size) * (text.startsWith('-') ? -1n : 1n)));
}

export interface Words {
  /** The options that are given, with their values. */
  options: ReadonlyMap<string, string>;
  rest: readonly string[];
}

/** What is wrong with the options, as getopt(3) says it. */
export class BadOption extends Error {
  override readonly name = 'BadOption';
}

/** `-qv -b 4k 0 64k`. Options and other words may be mixed, as getopt(3) of GNU allows. */
export function wordsOf(words: readonly string[], allowed: string): Words {
  const options = new Map<string, string>();
  const rest: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === '--') return { options, rest: [...rest, ...words.slice(at + 1)] };
    if (!/^-./.test(word)) {
      rest.push(word);
      continue;
    }
    for (let letter = 1; letter < word.length; letter += 1) {
      const option = word[letter] as string;
      const place = option === ':' ? -1 : allowed.indexOf(option);
      if (place === -1) throw new BadOption(`invalid option -- '${option}'`);
      if (allowed[place + 1] !== ':') {
        options.set(option, '');
        continue;
      }
      const attached = word.slice(letter + 1);
      if (attached === '') at += 1;
      const value = attached === '' ? words[at] : attached;
      if (value === undefined) throw new BadOption(`option requires an argument -- '${option}'`);
      options.set(option, value);
      break;
    }
  }
  return { options, rest };
}
