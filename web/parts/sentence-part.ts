/** Text, or a thing by its id with the words that name it in the sentence. */
export type Part = string | { id: string; text: string };

export const sentenceText = (parts: readonly Part[]): string =>
  parts.map((part) => (typeof part === 'string' ? part : part.text)).join('');
