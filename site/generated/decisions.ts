import { readdirSync, readFileSync } from 'node:fs';
import { page } from './text.ts';

const folder = new URL('../../docs/adr/', import.meta.url);

/** The decisions by their number, as the headings of their files say. */
export function decisions(): string {
  const items = readdirSync(folder).map((name) => {
    const [, number, title] =
      /^# (\d+) (.*)$/m.exec(readFileSync(new URL(name, folder), 'utf8')) ?? [];
    return `- [${number} ${title}](./${name})`;
  });
  return page(
    '# The decisions',
    'Each says what the options were, what was chosen, and what would change our mind.',
    items.join('\n'),
  );
}
