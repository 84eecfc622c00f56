// Data on stdout, in the format that `-o` chooses. A table is for a person: its columns may change.
// The other formats are for programs and hold what the API answers.
import { styleText } from 'node:util';
import { stringify } from 'yaml';
import type { Io, Output as Stream } from './io.ts';

export const formats = ['table', 'json', 'yaml', 'ndjson'] as const;
export type Format = (typeof formats)[number];

export interface Output {
  format: Format;
  /** Prints `data`; `table` makes the text for a person. */
  print(data: unknown, table: () => string): void;
  /** Prints text, or bytes as they are. */
  write(data: string | Uint8Array): void;
}

export function outputOf(io: Io, format: Format): Output {
  const write = (data: string | Uint8Array) => void io.stdout.write(data);
  return {
    format,
    write,
    print(data, table) {
      const text = format === 'table' ? table() : textOf(data, format, io.stdout);
      if (text !== '') write(text.endsWith('\n') ? text : `${text}\n`);
    },
  };
}

function textOf(data: unknown, format: Exclude<Format, 'table'>, stdout: Stream): string {
  if (format === 'yaml') return stringify(data);
  // A program reads the answer as the server sent it, in one line.
  if (format === 'json') return JSON.stringify(data, null, stdout.isTTY === true ? 2 : 0);
  const items = itemsOf(data);
  return items.map((item) => JSON.stringify(item)).join('\n');
}

/** The entries of a list; any other value is one entry. */
function itemsOf(data: unknown): unknown[] {
  const { items } = (data ?? {}) as { items?: unknown };
  return Array.isArray(items) ? items : Array.isArray(data) ? data : [data];
}

export type Cell = string | number | boolean | null | undefined;

const cellText = (cell: Cell): string =>
  cell === null || cell === undefined || cell === '' ? '-' : String(cell);

/**
 * Rows below a header, aligned. A column of numbers is aligned to the right. Without rows there is
 * only the header, so that a script that cuts the first line always can.
 */
export function columns(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = [header, ...rows.map((row) => row.map(cellText))];
  const widths = header.map((_, at) => Math.max(...texts.map((row) => (row[at] ?? '').length)));
  const isNumber = header.map(
    (_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === 'number'),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, at) =>
        isNumber[at] ? text.padStart(widths[at] as number) : text.padEnd(widths[at] as number),
      )
      .join('  ')
      .trimEnd();
  return texts.map(line).join('\n');
}

/** One thing: a name and a value in each line. Absent values are left out. */
export function facts(rows: readonly (readonly [string, Cell])[]): string {
  const given = rows.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${cellText(value)}`).join('\n');
}

type Style = Parameters<typeof styleText>[0];

/** Colour on a terminal only, and not with NO_COLOR. */
export function styled({ env }: Io, stream: Stream, style: Style, text: string): string {
  const colours = stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  // Decided here, because styleText would look at the environment of the process.
  return colours ? styleText(style, text, { validateStream: false }) : text;
}
