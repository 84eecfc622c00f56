// Text for a person, filled to the width of the terminal.
import type { Output } from './io.ts';

const widest = 96;

/** Breaks lines between words. In a pipe lines are as on a wide terminal. */
export function filled({ columns = widest }: Output, text: string, indent = ''): string {
  const width = Math.max(20, Math.min(columns, widest)) - indent.length;
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => `${indent}${line}`.trimEnd()).join('\n');
}
