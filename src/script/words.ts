// The words of a script's line. Spaces separate them; a JSON string in a word may contain spaces.
//
//     set-strategy wait-for-refs newRefs=fail as "the other thread"

/** Characters that need no quotes. They include those of the names of files. */
const plainWord = /^[A-Za-z0-9._~:/@+-]+$/;

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** A name, without quotes where possible. */
export const nameWord = (name: string): string =>
  plainWord.test(name) ? name : JSON.stringify(name);

/** A value. A string that would be read as another JSON value is quoted. */
export const valueWord = (value: unknown): string =>
  typeof value === 'string' && plainWord.test(value) && !isJson(value)
    ? value
    : JSON.stringify(value);

/** The opposite of `valueWord`. */
export const valueOfWord = (word: string): unknown => {
  try {
    return JSON.parse(word);
  } catch {
    return word;
  }
};

/** The opposite of `nameWord`. */
export function nameOfWord(word: string): string {
  const value = word.startsWith('"') ? valueOfWord(word) : word;
  return typeof value === 'string' ? value : word;
}

/** A piece of a word: a JSON string, or characters that are neither quotes nor spaces. */
const word = /(?:"(?:[^"\\]|\\.)*"|[^\s"])+/y;
const space = /\s*/y;

/** Null if a quote is not closed. */
export function wordsOf(line: string): string[] | null {
  const words: string[] = [];
  for (let at = 0; ; ) {
    space.lastIndex = at;
    space.exec(line);
    at = space.lastIndex;
    if (at >= line.length) return words;
    word.lastIndex = at;
    const found = word.exec(line);
    if (found === null) return null;
    words.push(found[0]);
    at = word.lastIndex;
  }
}
