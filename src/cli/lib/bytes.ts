// Bytes that a command sends or prints.
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { byteSource, type CurlSource, fileSource, stdinSource } from './curl.ts';
import { UsageError } from './exit.ts';
import type { Session } from './session.ts';
import { bytesOf } from './sizes.ts';

export interface Source {
  from?: string;
  byte?: number;
  size?: number;
}

function byteOf(text: string): number {
  const byte = /^(0x[0-9a-f]{1,2}|\d{1,3})$/i.test(text) ? Number(text) : 256;
  if (byte > 255) throw new InvalidArgumentError(`${text} is not a byte, such as 65 or 0x41.`);
  return byte;
}

export function addSource(command: Command): Command {
  const from = new Option('--from <path>', 'read the bytes from this file (default: stdin)');
  const byte = new Option('--byte <value>', 'write this byte, such as 0x41, --size times');
  const size = new Option('--size <size>', 'how many of --byte');
  return command
    .addOption(from.conflicts(['byte', 'size']))
    .addOption(byte.argParser(byteOf))
    .addOption(size.argParser(bytesOf));
}

export async function sourceOf(source: Source, session: Session): Promise<Uint8Array> {
  const { from, byte, size } = source;
  const { stdin } = session.io;
  if ((byte === undefined) !== (size === undefined))
    throw new UsageError('--byte and --size belong together');
  if (session.curl) {
    session.curlSource = curlSourceOf(source);
    return new Uint8Array(0);
  }
  if (byte !== undefined) return new Uint8Array(size ?? 0).fill(byte);
  if (from !== undefined && from !== '-') return fileOf(from);
  if (stdin.isTTY === true) throw new UsageError('give --from, --byte with --size, or pipe bytes');
  return buffer(stdin);
}

/** The command that --curl prints reads the same bytes itself. */
function curlSourceOf({ from = '-', byte, size = 0 }: Source): CurlSource {
  if (byte !== undefined) return byteSource(byte, size);
  return from === '-' ? stdinSource : fileSource(from);
}

function fileOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * Prints bytes as they are; to a terminal as a hex dump, because they would change its state.
 * With -o json: `{offset, length, base64}`.
 */
export function printBytes(session: Session, bytes: Uint8Array, offset: number): void {
  const { io, output } = session;
  if (output.format === 'table')
    output.write(io.stdout.isTTY === true ? hexDump(bytes, offset) : bytes);
  else {
    const base64 = Buffer.from(bytes).toString('base64');
    output.print({ offset, length: bytes.length, base64 }, () => '');
  }
}

const width = 16;

/** As hexdump -C: equal lines after the first are a star. */
function hexDump(bytes: Uint8Array, offset: number): string {
  const lines: string[] = [];
  let before = '';
  for (let at = 0; at < bytes.length; at += width) {
    const row = Buffer.from(bytes.subarray(at, at + width));
    const hex = row.toString('hex');
    if (hex === before && row.length === width) {
      if (lines.at(-1) !== '*') lines.push('*');
      continue;
    }
    before = hex;
    const shown = hex.replace(/../g, '$& ').padEnd(width * 3);
    const text = row.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(`${addressOf(offset + at)}  ${shown} |${text}|`);
  }
  return `${[...lines, addressOf(offset + bytes.length)].join('\n')}\n`;
}

const addressOf = (offset: number): string => offset.toString(16).padStart(8, '0');
