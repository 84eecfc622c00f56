// pinhole rule, errno and xfs_io without a server.
import { constants } from 'node:os';
import { describe, expect, it, test } from 'vitest';
import { errnoTable } from '../../src/kernel/errno.ts';
import { errnoNumbers, messageOf } from '../../src/script/errno-words.ts';
import { pinhole, serving } from './command.ts';

describe('pinhole rule', () => {
  it('explains a rule, with the code that it mirrors', async () => {
    const { code, stdout } = await pinhole('rule gp2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^GP2 {2}Mappings, faults, pins\n\nFOLL_LONGTERM on a DAX file/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(96);
    expect((await pinhole('rule LC3')).stdout).toContain('Mirrors vfs_fallocate.');
  });

  it('gives what GET /v1/rules gives', async () => {
    const server = await serving();
    try {
      for (const [words, path] of [
        ['rule -o json', '/v1/rules'],
        ['rule GP2 -o json', '/v1/rules/GP2'],
      ] as const) {
        const answered = await fetch(`${server.url}${path}`);
        expect((await pinhole(words)).json).toEqual(await answered.json());
      }
    } finally {
      await server.close();
    }
  });

  it('names the rules of the same letters for one that does not exist', async () => {
    const { code, stderr } = await pinhole('rule gp999');
    expect(code).toBe(2);
    expect(stderr).toMatch(/no rule gp999; the rules GP are GP1, GP2/);
    expect((await pinhole('rule zz1')).stderr).toContain('rules begin with LC, RG');
  });
});

describe('pinhole errno', () => {
  it.each(['EOPNOTSUPP', 'eopnotsupp', '95', '-95'])('explains %s', async (name) => {
    const { code, stdout } = await pinhole(['errno', name]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^EOPNOTSUPP {2}Operation not supported\n/);
    expect(stdout).toMatch(/errno 95\n.*status 422.*\n.*GP2/);
  });

  it('lists every error, and says so for another', async () => {
    const { json } = await pinhole('errno -o json');
    expect(json.items.map(({ errno }: { errno: string }) => errno)).toEqual(
      Object.keys(errnoTable),
    );
    const { code, stderr } = await pinhole('errno EPERM');
    expect(code).toBe(2);
    expect(stderr).toContain('has no error EPERM; its errors are EACCES (13)');
  });

  test.skipIf(process.platform !== 'linux')('the numbers are those of Linux', () => {
    const { errno, signals } = constants;
    const ofNode: Readonly<Record<string, number>> = { ...errno, ...signals };
    for (const [name, number] of Object.entries(errnoNumbers)) {
      // Node does not know EHWPOISON.
      if (name in ofNode) expect([name, ofNode[name]]).toEqual([name, number]);
      expect(messageOf(name)).not.toBe(name);
    }
  });
});

describe('pinhole xfs_io', () => {
  it('prints the output on stdout and the errors on stderr', async () => {
    const words = ['xfs_io', '-c', 'pwrite -q 0 8k', '-c', 'fpunch 0 4k', '-c', 'fiemap'];
    const { code, stdout, stderr } = await pinhole([...words, '-c', 'fcollapse 0 1', 'f']);
    expect(stdout).toBe('f:\n\t0: [0..7]: hole\n\t1: [8..15]: 24..31\n');
    expect(stderr).toBe('fallocate: Invalid argument\n');
    expect(code).toBe(1);
    expect((await pinhole(['xfs_io', '-c', 'frob', 'f'])).code).toBe(2);
  });

  it('reads commands from stdin, and lines of xfs_io as a script', async () => {
    const typed = { stdin: 'pwrite -q 0 8k\n# why\nstat\nquit\nstat\n' };
    const { code, stdout } = await pinhole('xfs_io f', typed);
    expect(code).toBe(0);
    expect(stdout.match(/stat.size = 8192/g)).toHaveLength(1);
    const script = 'xfs_io -f -c "pwrite -q 0 4k" f\nxfs_io -c "pread -qv 0 2" f\n';
    const played = await pinhole('xfs_io --script -', { stdin: script });
    expect(played.stdout).toBe('00000000:  cd cd  ..\n');
    expect((await pinhole('xfs_io --script -', { stdin: 'ls' })).code).toBe(2);
  });

  it('uses the filesystem that the options describe', async () => {
    const seek = ['xfs_io', '-c', 'pwrite -q 64k 4k', '-c', 'seek -a 0', 'f'];
    expect((await pinhole([...seek, '--kind', 'ext2'])).stdout).toBe(
      'Whence\tResult\nDATA\t0\nHOLE\t69632\n',
    );
    const full = await pinhole(['xfs_io', '--size', '64K', '-c', 'falloc 0 1m', '--why', 'f']);
    expect(full.stderr).toMatch(/^fallocate: No space left on device\n {2}the range needs .*AL1/);
    expect((await pinhole('xfs_io --size 1k f')).stderr).toContain('--size');
  });

  it('tells what each command did with -o json', async () => {
    const { json } = await pinhole(['xfs_io', '-o', 'json', '-c', 'stat', '-c', 'fpunch 0 0', 'f']);
    expect(json.items).toMatchObject([
      { command: 'stat', ending: 'done', err: [] },
      { command: 'fpunch 0 0', ending: 'refused', err: ['fallocate: Invalid argument'] },
    ]);
  });
});

describe('pinhole xfs_io --fs', () => {
  it('prints on a server what it prints on a machine of its own', async () => {
    const server = await serving();
    const lines = [
      'pwrite -S 0x61 0 16k',
      'fpunch 4k 4k',
      'fiemap -v',
      'seek -a -r 0',
      'pread -v 4094 4',
      'mmap -rw 0 8k',
      'mwrite -S 0x5a 0 2',
      'mread -v 0 4',
      'msync -s 0 4k',
      'munmap',
      'fcollapse 0 1',
      'truncate 6000',
      'stat',
      'statfs',
      'swapext f',
      'unlink',
      'stat',
    ];
    const words = ['xfs_io', '-f', ...lines.flatMap((line) => ['-c', line]), 'f'];
    try {
      await server.must('fs create a 64M');
      const there = await server.run([...words, '--fs', 'a']);
      const here = await pinhole(words);
      expect(there).toEqual(here);
      expect(here.stderr.split('\n')).toEqual([
        'fallocate: Invalid argument',
        'swapext: Invalid argument',
        'fstat: No such file or directory',
        '',
      ]);
      expect((await server.run('xfs_io --fs none f')).stderr).toContain('no such filesystem');
      expect((await server.run('xfs_io --fs a f')).stderr).toBe('f: No such file or directory\n');
    } finally {
      await server.close();
    }
  });
});
