// xfs_io scripts on the machine, with the shapes of output that people compare. The scripts are our
// own; the layout of the tables is that of xfs_io.
import { describe, expect, test } from 'vitest';
import type { Kernel } from '../../src/kernel/state.ts';
import { ScriptError } from '../../src/script/script-error.ts';
import { machineOf } from '../../src/script/xfs-io-machine.ts';
import { XfsIoProcess } from '../../src/script/xfs-io-process.ts';
import { type Ending, runCall } from '../../src/script/xfs-io-run.ts';
import { parseXfsIo } from '../../src/script/xfs-io-script.ts';
import { seedOf, sizeOf } from '../../src/script/xfs-io-words.ts';
import { type MachineOptions, machine } from '../machine.ts';

interface Printed {
  text: string;
  /** It went to stderr. */
  error: boolean;
}

/** The calls one after another, and the lines that they print. */
async function run(k: Kernel, script: string): Promise<{ lines: Printed[]; endings: Ending[] }> {
  const lines: Printed[] = [];
  const endings: Ending[] = [];
  for (const { commands, ...call } of parseXfsIo(script)) {
    const process = new XfsIoProcess(machineOf(k), {
      out: (text) => void lines.push({ text, error: false }),
      err: (text) => void lines.push({ text, error: true }),
    });
    endings.push(await runCall(process, call, commands));
  }
  return { lines, endings };
}

async function outputOf(script: string, options: MachineOptions = {}): Promise<string[]> {
  const { lines } = await run(machine({ blocks: 256, ...options }).k, script);
  return lines.map(({ text }) => text);
}

/** A simulated call takes no time. */
const rate = '0.0000 sec (inf EiB/sec and inf ops/sec)';

describe('the outputs of xfs_io', () => {
  test('pwrite and pread', async () => {
    const out = await outputOf(`
      $ xfs_io -f -c "pwrite -S 0x61 0 64k" -c "pread -v 65530 64k" file
      xfs_io -c "pwrite -q 1m 1" -c "pread 0 0x1000" file`);
    expect(out).toEqual([
      'wrote 65536/65536 bytes at offset 0',
      `64 KiB, 16 ops; ${rate}`,
      '0000fffa:  61 61 61 61 61 61  aaaaaa',
      'read 6/65536 bytes at offset 65530',
      `6.000000 bytes, 1 ops; ${rate}`,
      'read 4096/4096 bytes at offset 0',
      `4 KiB, 1 ops; ${rate}`,
    ]);
  });

  test('fiemap -v: written, a hole, unwritten, and the end of the file', async () => {
    const script = `
      xfs_io -f -c "pwrite -q 0 64k" -c "fpunch 16k 16k" -c "falloc 64k 32k" f
      xfs_io -c "truncate 128k" -c "fiemap -v" -c "fiemap" f`;
    expect(await outputOf(script)).toEqual([
      'f:',
      ' EXT: FILE-OFFSET      BLOCK-RANGE      TOTAL FLAGS',
      '   0: [0..31]:         16..47              32   0x0',
      '   1: [32..63]:        hole                32',
      '   2: [64..127]:       80..143             64   0x0',
      '   3: [128..191]:      144..207            64 0x801',
      '   4: [192..255]:      hole                64',
      'f:',
      '\t0: [0..31]: 16..47',
      '\t1: [32..63]: hole',
      '\t2: [64..127]: 80..143',
      '\t3: [128..191]: 144..207',
      '\t4: [192..255]: hole',
    ]);
  });

  test('seek tables', async () => {
    const script = `
      xfs_io -f -c "pwrite -q 0 8k" -c "pwrite -q 128k 8k" f
      xfs_io -c "seek -a -r 0" -c "seek -d 8k" -c "seek -h 0" -c "seek -s -a 4k" f
      xfs_io -c "seek -d 1m" -c "seek -a 16k" f`;
    expect(await outputOf(script)).toEqual([
      'Whence\tResult',
      'DATA\t0',
      'HOLE\t8192',
      'DATA\t131072',
      'HOLE\t139264',
      'Whence\tResult',
      'DATA\t131072',
      'Whence\tResult',
      'HOLE\t8192',
      'Whence\tStart\tResult',
      'DATA\t4096\t4096',
      'HOLE\t4096\t8192',
      'Whence\tResult',
      'DATA\tEOF',
      'Whence\tResult',
      'HOLE\t16384',
      'DATA\t131072',
    ]);
  });

  test('on ext2 the whole file is data', async () => {
    const script = `
      xfs_io -f -c "pwrite -q 64k 4k" -c "seek -a -r 0" f
      xfs_io -c "fpunch 64k 4k" f`;
    expect(await outputOf(script, { kind: 'ext2' })).toEqual([
      'Whence\tResult',
      'DATA\t0',
      'HOLE\t69632',
      'fallocate: Operation not supported',
    ]);
  });

  test('collapse, insert, zero: offsets of blocks, and what is not aligned', async () => {
    const script = `
      xfs_io -f -c "pwrite -q -S 0x41 0 4k" -c "pwrite -q -S 0x42 4k 4k" -c "pwrite -q -S 0x43 8k 4k" f
      xfs_io -c "fcollapse 4k 4k" -c "pread -qv 4k 2" -c "finsert 0 8k" -c "pread -qv 8190 4" f
      xfs_io -c "fzero 8k 4k" -c "pread -qv 8192 2" -c "fcollapse 0 512" -c "finsert 4k 1" f`;
    expect(await outputOf(script)).toEqual([
      '00001000:  43 43  CC',
      '00001ffe:  00 00 41 41  ..AA',
      '00002000:  00 00  ..',
      'fallocate: Invalid argument',
      'fallocate: Invalid argument',
    ]);
  });

  test('mappings belong to a process, and an access beyond the file is a bus error', async () => {
    const script = `
      xfs_io -f -t -c "truncate 8k" -c "mmap -rw 0 8k" -c "mwrite -S 0x5a 4k 4k" -c "mread -v 4094 4" f
      xfs_io -c "mread 0 4" f
      xfs_io -c "mmap -r 0 4k" -c "mwrite 0 1" -c "pread -qv 4096 1" f
      xfs_io -c "mmap 0 8k" -c "truncate 4k" -c "mread 4k 1" -c "fsync" f`;
    expect(await outputOf(script)).toEqual([
      '00000ffe:  00 00 5a 5a  ..ZZ',
      "no mapped regions, try 'help mmap'",
      'Segmentation fault',
      'Bus error',
    ]);
  });

  test('a full device, and a file that is not there', async () => {
    const script = `
      xfs_io -f -c "falloc 0 2m" -c "pwrite -q 0 64k" -c "fsync" f
      xfs_io -c "fiemap -v" none
      xfs_io -f -c "fiemap -v" empty`;
    expect(await outputOf(script)).toEqual([
      'fallocate: No space left on device',
      'none: No such file or directory',
      'empty:',
    ]);
  });
});

test.each([
  ['0', 0],
  ['64k', 65_536],
  ['4M', 4_194_304],
  ['2b', 8192],
  ['3s', 1536],
  ['0x10', 16],
  ['1e', 2 ** 60],
  ['8e', null],
  ['010', 8],
  ['08', null],
  ['-1', null],
  ['4k4', null],
])('a size %s is %s', (text, bytes) => {
  expect(sizeOf(text)).toBe(bytes);
});

test.each([
  ['ls', 'line 1: begins with xfs_io'],
  ['xfs_io -c "fiemap"', 'line 1: the file is missing'],
  ['# why\n\nxfs_io -Z f', "line 3: invalid option -- 'Z'"],
  ['xfs_io -f f -c', 'line 1: -c needs a command'],
  ['xfs_io -c "fiemap" f > out', 'line 1: redirections'],
])('a mistake is named with its line: %j', (text, why) => {
  expect(() => parseXfsIo(text)).toThrow(ScriptError);
  expect(() => parseXfsIo(text)).toThrow(why);
});

test('a call that sleeps ends the process, because nobody is there to wake it', async () => {
  const m = machine({ strategy: { name: 'break-layouts', idleRule: 'fixed' } });
  m.create('f');
  m.write('f', new Uint8Array(4096), 0);
  m.pinned(m.map('f', 1), 0, 4096);
  expect(await run(m.k, 'xfs_io -c "truncate 0" -c "fsync" f')).toEqual({
    lines: [{ text: 'truncate sleeps, and nothing here wakes it', error: true }],
    endings: ['killed'],
  });
});

test.each([
  ['0x61', 0x61],
  ['300', 44],
  ['-1', 255],
  ['zz', null],
  ['--1', null],
])('a seed %s is the byte %s', (text, byte) => {
  expect(seedOf(text)).toBe(byte);
});
