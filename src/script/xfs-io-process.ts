// A process of xfs_io(8): its open files and its mappings, and how its calls fail.

import { messageOf } from './errno-words.ts';
import type { XfsIoMachine, XfsIoOutcome } from './xfs-io-machine.ts';

import { sizeOf, type Words } from './xfs-io-words.ts';

export interface OpenFile {
  path: string;
  readOnly: boolean;
  sync: boolean;
  direct: boolean;
}

export interface OpenMapping {
  id: string;
  path: string;
  address: number;
  offset: number;
  length: number;
  /** `rw-`: what -r, -w and -x asked for. */
  access: string;
}

export interface Output {
  out(line: string): void;
  /** Errors: xfs_io writes them to stderr. */
  err(line: string): void;
}

export type Does = (process: XfsIoProcess, words: Words) => void | Promise<void>;

type Refusal = XfsIoOutcome & { ok: false };

/** A call failed, or an argument is wrong. The message is what xfs_io prints. */
export class Failed extends Error {
  override readonly name = 'Failed';
  readonly kind: 'refused' | 'usage';
  readonly refusal: Refusal | null;

  constructor(kind: 'refused' | 'usage', message: string, refusal: Refusal | null = null) {
    super(message);
    this.kind = kind;
    this.refusal = refusal;
  }
}

/** A signal ends the process. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** The words make no sense together, so xfs_io prints the usage of the command. */
export class Misused extends Error {
  override readonly name = 'Misused';
}

export class XfsIoProcess {
  readonly machine: XfsIoMachine;
  readonly output: Output;
  files: OpenFile[] = [];
  current = 0;
  mappings: OpenMapping[] = [];
  mapping = 0;

  constructor(machine: XfsIoMachine, output: Output) {
    this.machine = machine;
    this.output = output;
  }

  get file(): OpenFile {
    const file = this.files[this.current];
    if (file === undefined) throw new Failed('refused', "no files are open, try 'help open'");
    return file;
  }

  /** The result of a call, which xfs_io names `call` when it fails. */
  async must(call: string, ...command: Parameters<XfsIoMachine['run']>) {
    const outcome = await this.machine.run(...command);
    if (outcome.ok) return outcome.result;
    if (outcome.errno === 'SIGBUS') throw new Killed('Bus error');
    throw new Failed('refused', `${call}: ${messageOf(outcome.errno)}`, outcome);
  }

  async sizeBytes(path: string): Promise<number> {
    return (await this.machine.stat(path))?.sizeBytes ?? 0;
  }

  /** Removes the mappings, as the end of a process does. */
  async end(): Promise<void> {
    for (const { id } of this.mappings)
      await this.machine.run({ op: 'munmap', on: { mapping: id } });
    this.mappings = [];
  }
}

/** An argument that is a size. `what` is the word of xfs_io for it. */
export function numberOf(text: string | undefined, what: string): number {
  const size = sizeOf(text ?? '');
  if (size === null) throw new Failed('usage', `non-numeric ${what} argument -- ${text}`);
  return size;
}

/** The two numbers of most commands. */
export const rangeOf = ([offset, length]: readonly string[]): [number, number] => [
  numberOf(offset, 'offset'),
  numberOf(length, 'length'),
];

/** A machine counts to 2^53-1. Linux refuses such offsets with the same error. */
export function demandSmall(call: string, ...numbers: readonly number[]): void {
  const sum = numbers.reduce((total, one) => total + one, 0);
  if (sum > Number.MAX_SAFE_INTEGER) throw new Failed('refused', `${call}: ${messageOf('EFBIG')}`);
}
