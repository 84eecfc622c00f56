// The cost of the kernel's commands without a server, in µs per round: `npx tsx load/kernel.ts`.
// Each round leaves the machine as it found it. Compare two checkouts by turns on a quiet machine.
import { performance } from 'node:perf_hooks';
import { defaultConfig } from '../src/config.ts';
import { kernelLimits } from '../src/engine/engine.ts';
import { apply, createKernel } from '../src/kernel/kernel.ts';
import { operations } from '../src/kernel/ops/index.ts';
import { mkfsArgs } from '../src/kernel/ops/mkfs.ts';
import type { Target } from '../src/kernel/state.ts';

const page = 4096;
const pages = 512;

function machine(options: object) {
  const made = createKernel(
    mkfsArgs.parse({ name: 'bench', sizeBytes: 64 * 2 ** 20, clock: 'manual', ...options }),
    kernelLimits(defaultConfig()),
    0,
  );
  if (!made.ok) throw new Error(made.failure.why);
  const { kernel } = made;
  let seq = 0;
  const call = (op: string, on: Target, given: object, data?: Uint8Array): number => {
    const args = operations.get(op)?.args.parse(given);
    seq += 1;
    const command = { op, on, args, ...(data === undefined ? {} : { data }) };
    const { task } = apply(kernel, { seq, timeMs: 0, command });
    return task;
  };
  call('create', {}, { name: 'a', sizeBytes: pages * page });
  call('allocate', { file: 'a' }, { offset: 0, length: pages * page });
  call('mmap', { file: 'a' }, { offset: 0, length: pages * page, access: 'read-write' });
  return { kernel, call };
}

function measure(name: string, round: () => void): void {
  const runs: number[] = [];
  const begin = performance.now();
  while (runs.length < 20 || performance.now() - begin < 1500) {
    const start = performance.now();
    for (let i = 0; i < 100; i++) round();
    runs.push((performance.now() - start) * 10);
  }
  runs.sort((a, b) => a - b);
  const median = runs[runs.length >> 1] as number;
  const best = runs[0] as number;
  console.log(
    `${name.padEnd(52)} median ${median.toFixed(1).padStart(8)} µs, best ${best.toFixed(1)}`,
  );
}

const pinArgs = (offset: number, length: number) => ({ offset, length, access: 'write' });

for (const [strategy, scheduler] of [
  ['break-layouts', 'auto'],
  ['none', 'auto'],
] as const) {
  const { kernel, call } = machine({ strategy: { name: strategy }, scheduler });
  const unpin = () => call('unpin', { pin: kernel.nextPin - 1 }, {});
  const bytes = new Uint8Array(page);
  measure(`${strategy}: pin and unpin 1 page`, () => {
    call('pin', { mapping: 1 }, pinArgs(0, page));
    unpin();
  });
  measure(`${strategy}: pin and unpin ${pages} pages`, () => {
    call('pin', { mapping: 1 }, pinArgs(0, pages * page));
    unpin();
  });
  measure(`${strategy}: write and read 4 KiB`, () => {
    call('write', { file: 'a' }, { offset: page }, bytes);
    call('read', { file: 'a' }, { offset: page, length: page });
  });
  measure(`${strategy}: fault, punch under a pin, unpin, allocate`, () => {
    call('pin', { mapping: 1 }, pinArgs(8 * page, page));
    call('punch-hole', { file: 'a' }, { offset: 8 * page, length: page });
    unpin();
    call('allocate', { file: 'a' }, { offset: 8 * page, length: page });
  });
}
