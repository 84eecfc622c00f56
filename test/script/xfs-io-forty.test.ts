// A session of xfs_io(8) with more than forty commands. The expected lines are written by hand: their
// words from the manual and from xfs_io 6.1.0 on another filesystem, their blocks from the rules of
// docs/spec.md. The device has 256 blocks, of which the first two hold metadata, so the first block
// of data is block 2, sector 16.
import { expect, test } from 'vitest';
import { machineOf } from '../../src/script/xfs-io-machine.ts';
import { XfsIoProcess } from '../../src/script/xfs-io-process.ts';
import { obey } from '../../src/script/xfs-io-run.ts';
import { machine } from '../machine.ts';

const rate = '0.0000 sec (inf EiB/sec and inf ops/sec)';
const err = (line: string): string => `stderr: ${line}`;
const statOf = (path: string, sizeBytes: number, sectors: number, ino: number): string[] => [
  `fd.path = "${path}"`,
  'fd.flags = non-sync,non-direct,read-write',
  `stat.ino = ${ino}`,
  'stat.type = regular file',
  `stat.size = ${sizeBytes}`,
  `stat.blocks = ${sectors}`,
];

const session: readonly (readonly [command: string, ...lines: string[]])[] = [
  ['open -f f'],
  ['pwrite -S 0x61 0 16k', 'wrote 16384/16384 bytes at offset 0', `16 KiB, 4 ops; ${rate}`],
  ['pwrite -q -S 0x62 16k 4k'],
  ['fiemap', 'f:', '\t0: [0..39]: 16..55'],
  [
    'fiemap -v',
    'f:',
    ' EXT: FILE-OFFSET      BLOCK-RANGE      TOTAL FLAGS',
    '   0: [0..39]:         16..55              40   0x1',
  ],
  [
    'pread -v 16382 4',
    '00003ffe:  61 61 62 62  aabb',
    'read 4/4 bytes at offset 16382',
    `4.000000 bytes, 1 ops; ${rate}`,
  ],
  ['pread -b 1k 16k 64k', 'read 4096/65536 bytes at offset 16384', `4 KiB, 4 ops; ${rate}`],
  ['pread -C 0 5k', '5120,2,0:00:00.00,inf,inf'],
  [
    'pread 1m 4k',
    'read 0/4096 bytes at offset 1048576',
    '0.000000 bytes, 0 ops; 0.0000 sec (0.000000 bytes/sec and 0.0000 ops/sec)',
  ],
  ['fpunch 4k 4k'],
  ['fiemap', 'f:', '\t0: [0..7]: 16..23', '\t1: [8..15]: hole', '\t2: [16..39]: 32..55'],
  // The range is that of 6 KiB to 10 KiB, and XFS cuts an extent to the blocks of the range.
  ['fiemap 6k 4k', 'f:', '\t0: [12..15]: hole', '\t1: [16..23]: 32..39'],
  ['fiemap -n 2 -l', 'f:', '\t0: [0..7]: 16..23 8 blocks', '\t1: [8..15]: hole 8 blocks'],
  ['seek -a -r 0', 'Whence\tResult', 'DATA\t0', 'HOLE\t4096', 'DATA\t8192', 'HOLE\t20480'],
  ['seek -h 0', 'Whence\tResult', 'HOLE\t4096'],
  ['seek -d -s 4k', 'Whence\tStart\tResult', 'DATA\t4096\t8192'],
  ['seek -d 1m', 'Whence\tResult', 'DATA\tEOF'],
  // XFS punches the page and allocates it again, unwritten; it gets its old block back.
  ['fzero 8k 4k'],
  ['pread -qv 8k 1', '00002000:  00  .'],
  [
    'bmap',
    'f:',
    '\t0: [0..7]: 16..23',
    '\t1: [8..15]: hole',
    '\t2: [16..23]: 32..39',
    '\t3: [24..39]: 40..55',
  ],
  ['fcollapse 4k 4k'],
  ['stat', ...statOf('f', 16_384, 32, 2)],
  ['finsert 0 8k'],
  ['pread -qv 8k 2', '00002000:  61 61  aa'],
  ['truncate 6000'],
  ['stat', ...statOf('f', 6000, 0, 2)],
  ['falloc -k 64k 8k'],
  ['fiemap', 'f:', '\t0: [0..127]: hole', '\t1: [128..143]: 16..31'],
  ['fsync'],
  ['fdatasync'],
  ['truncate 8k'],
  // The file grows, so the blocks beyond its end stay.
  ['fiemap', 'f:', '\t0: [0..127]: hole', '\t1: [128..143]: 16..31'],
  ['mmap -rw 0 8k'],
  ['mmap', '[000] 0x7ffff7ffd000 - 0x7ffff7fff000 rw-               f (0 : 8192)'],
  ['mwrite -S 0x5a 4k 3'],
  ['msync -s 0 8k'],
  ['mread -f 4k 4', '00001000:  5a 5a 5a 00  ZZZ.'],
  ['mread 8k 1', 'range (8192:8192) is beyond mapping (0:8192)'],
  ['munmap'],
  ['mread', err("no mapped regions, try 'help mmap'")],
  ['reflink f', err('XFS_IOC_CLONE: Operation not supported')],
  ['dedupe f 0 0 4k', err('XFS_IOC_FILE_EXTENT_SAME: Operation not supported')],
  ['fcollapse 0 100', err('fallocate: Invalid argument')],
  ['falloc 0 2m', err('fallocate: No space left on device')],
  ['pwrite 7e 1', err('pwrite: File too large')],
  ['frob', err('command "frob" not found')],
  ['pwrite 0', err('bad argument count 1 to pwrite, expected at least 2 arguments')],
  ['truncate zz', 'non-numeric truncate argument -- zz'],
  [
    'pread -x 0 1',
    err("pread: invalid option -- 'x'"),
    'pread (r) [-b bs] [-Cqv] [-F] [-V N] off len -- reads a range',
  ],
  ['open nothing', err('nothing: No such file or directory')],
  ['open -f g'],
  [
    'file',
    ' 000  f              (non-sync,non-direct,read-write)',
    '[001] g              (non-sync,non-direct,read-write)',
  ],
  ['swapext f', err('swapext: Bad address')],
  ['pwrite -q -S 0x63 0 8k'],
  ['swapext f'],
  ['pread -qv 4k 4', '00001000:  5a 5a 5a 00  ZZZ.'],
  ['file 2', 'value 2 is out of range (0-1)'],
  [
    'statfs',
    'fd.path = "g"',
    'statfs.f_bsize = 4096',
    'statfs.f_blocks = 256',
    // Used are two of metadata, two of -k, two that hold c, and one behind the page of mwrite.
    'statfs.f_bavail = 249',
  ],
  ['unlink'],
  ['close', '[000] f              (non-sync,non-direct,read-write)'],
  ['pread -qv 4k 4', '00001000:  63 63 63 63  cccc'],
];

test('a session prints what xfs_io prints', async () => {
  expect(session.length).toBeGreaterThan(40);
  const lines: string[] = [];
  const process = new XfsIoProcess(machineOf(machine({ blocks: 256 }).k), {
    out: (line) => void lines.push(line),
    err: (line) => void lines.push(err(line)),
  });
  const printed: string[][] = [];
  for (const [command] of session) {
    await obey(process, command);
    printed.push([command, ...lines.splice(0)]);
  }
  expect(printed).toEqual(session.map((one) => [...one]));
  expect(await obey(process, 'quit')).toBe('quit');
});

test('-c runs a command for each open file, -C for the last one, and the worst ending counts', async () => {
  const lines: string[] = [];
  const { k } = machine({ blocks: 256, kind: 'ext4' });
  const output = { out: (line: string) => void lines.push(line), err() {} };
  const process = new XfsIoProcess(machineOf(k), output);
  for (const path of ['f', 'g']) await obey(process, `open -f ${path}`);
  await obey(process, 'pwrite -q 0 8k', { each: true });
  await obey(process, 'truncate 4k');
  expect(await obey(process, 'stat', { each: true })).toBe('done');
  expect(lines.filter((line) => /path|size/.test(line))).toEqual([
    'fd.path = "f"',
    'stat.size = 8192',
    'fd.path = "g"',
    'stat.size = 4096',
  ]);
  expect(await obey(process, 'fcollapse 0 4k', { each: true })).toBe('refused');
  expect(await obey(process, 'frob', { each: true })).toBe('usage');
  lines.length = 0;
  await obey(process, 'file');
  expect(lines[1]).toBe('[001] g              (foreign,non-sync,non-direct,read-write)');
});

test('with `why`, an error is followed by the reason and the rule', async () => {
  const lines: string[] = [];
  const output = { out() {}, err: (line: string) => void lines.push(line) };
  const process = new XfsIoProcess(machineOf(machine({ blocks: 256 }).k), output);
  await obey(process, 'open -f f');
  await obey(process, 'fpunch 0 0', { why: true });
  expect(lines).toEqual([
    'fallocate: Invalid argument',
    '  length is 0; it must be at least 1 (RG1)',
  ]);
});
