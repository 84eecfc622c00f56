// What a command reads and writes, so that a test can run it without a process of its own.
import type { Readable, Writable } from 'node:stream';

export interface Output extends Writable {
  isTTY?: boolean;
  columns?: number;
}

export interface Io {
  /** Data: what a script reads. */
  stdout: Output;
  /** Sentences for a person. */
  stderr: Output;
  stdin: Readable & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  /** Writes one line to stderr. */
  say(line: string): void;
}

type Streams = Pick<Io, 'stdout' | 'stderr' | 'stdin' | 'env'>;

export const ioOf = (streams: Streams): Io => ({
  ...streams,
  say: (line) => void streams.stderr.write(`${line}\n`),
});
