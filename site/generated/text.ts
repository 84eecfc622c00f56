// Markdown of generated pages.

/** In plain text, signs that Markdown or Vue would read as markup. Not inside of backticks. */
export function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) =>
      index % 2 === 1 ? part : part.replace(/[<>*_|]|\{\{/g, (sign) => `&#${sign.charCodeAt(0)};`),
    )
    .join('');
}

const cell = (text: string): string => text.replaceAll('\n', ' ').replaceAll('|', '\\|');

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

export const code = (text: string): string => `\`${text}\``;
export const page = (...parts: readonly string[]): string => `${parts.join('\n\n')}\n`;
