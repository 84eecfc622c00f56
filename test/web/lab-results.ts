// Results of labs that were run, for tests of what shows them.
import { parseWorkload } from '../../src/lab/document.ts';
import { runLab } from '../../src/lab/lab.ts';
import type { LabResult } from '../../src/lab/result.ts';
import { inProcess } from '../lab/in-process.ts';

/** A file name and an about that must stay text. */
export const hostile = '<img src=x onerror=alert(1)></script>';

const workload = (sweep = ''): string => `
name: small
about: '${hostile}'
filesystem: { sizeBytes: 4Mi, kernel: '7.3', files: { a: 128Ki } }
durationMs: 400
actors:
  nic:
    count: 2
    loop:
      - pin: { file: a, pages: { uniform: [1, 4] }, access: write }
      - hold: { exponential: 5 }
      - unpin
      - think: { exponential: 5 }
  puncher: { loop: [ { punch-hole: { file: a, pages: 4 } }, { think: { exponential: 5 } } ] }
  cutter: { loop: [ { truncate: { file: a, to: 4096 } }, { write: { length: 64Ki } }, { think: 40 } ] }
${sweep}`;

const run = (sweep: string, seeds: number, strategies?: string[]): Promise<LabResult> =>
  runLab(
    { parsed: parseWorkload(workload(sweep)), seeds, ...(strategies ? { strategies } : {}) },
    { runner: inProcess() },
  );

const eight = [
  ...['break-layouts classic', 'break-layouts modern', 'break-layouts fixed', 'busy-extents'],
  ...['wait-for-refs', 'detach-and-wait', 'refuse', 'none'],
];

export const plainResult = (): Promise<LabResult> => run('', 8, eight);

export const sweptResult = (): Promise<LabResult> =>
  run('sweep: { actors.nic.loop.hold.exponential: [1, 10, 100] }', 2);

export const mappedResult = (): Promise<LabResult> =>
  run('sweep: { actors.nic.loop.hold.exponential: [1, 50], actors.nic.count: [1, 3] }', 2);
