// pinhole story, compare and play.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stories } from '../../src/stories/index.ts';
import { pinhole, serving } from './command.ts';

let server: Awaited<ReturnType<typeof serving>>;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());

const directory = mkdtempSync(join(tmpdir(), 'pinhole-runs-'));
function fileWith(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('pinhole story', () => {
  it('lists what GET /v1/stories lists', async () => {
    const { json } = await pinhole('story ls -o json');
    const answered = await fetch(`${server.url}/v1/stories`);
    expect(json).toEqual(await answered.json());
    expect((await pinhole('story ls')).stdout.trimEnd().split('\n')).toHaveLength(stories.size + 1);
  });

  it('plays a deadlock in sentences and draws it in two columns', async () => {
    const { code, stdout } = await pinhole('story play s01');
    expect(code).toBe(0);
    expect(stdout).toContain('   1  T calls punch-hole on a with offset 0, length 8192.\n');
    expect(stdout).toMatch(/\ndeadlock: The calls wait for each other in a circle/);
    expect(stdout).toMatch(/op_8 pin \(G\) +op_6 punch-hole \(T\)\n +---- +----\n/);
    expect(stdout).toContain('*** DEADLOCK ***');
  });

  it('tells the steps that the server tells', async () => {
    const words = 'story play S01 --strategy modern --verdict waits -o json';
    const { json } = await pinhole(words);
    const query = 'strategy=break-layouts%20modern&verdict=waits';
    const answered = await fetch(`${server.url}/v1/stories/S01?${query}`);
    const { steps } = (await answered.json()) as { steps: { request?: unknown }[] };
    expect(json.steps).toEqual(steps.map(({ request: _, ...move }) => move));
    expect(json.told).toEqual({ strategy: 'break-layouts modern', verdict: 'waits' });
  });

  it('plays every story in every ending that it can have', async () => {
    for (const id of stories.keys()) {
      const { code, stdout } = await pinhole(`story play ${id}`);
      expect([id, code]).toEqual([id, 0]);
      expect(stdout).toMatch(/\n(completes|deadlock|hangs|starves|waits): [A-Z]/);
    }
  });

  it('shows all strategies in one table', async () => {
    const { stdout } = await pinhole('story play S01 --strategy all');
    expect(stdout).toMatch(/^wait-for-refs +completes, deadlock$/m);
    expect(stdout).toMatch(/^wait-for-refs +0 +0 +2 +0 ms +1 /m);
    const { json } = await pinhole('story play S01 --strategy all -o json');
    expect(json.strategies).toHaveLength(8);
    expect(json.strategies[1]).toMatchObject({ column: 'wait-for-refs', deadlocks: 1 });
  });

  it('plays on a server, where the deadlock then is', async () => {
    const { stdout, stderr } = await server.must('story play S01 --fs s01');
    expect(stdout).toContain('*** DEADLOCK ***');
    expect(stderr).toBe(`${server.url}/ui/fs/s01/graph shows it.\n`);
    const graph = await fetch(`${server.url}/v1/filesystems/s01/wait-graph`);
    expect(((await graph.json()) as { cycles: unknown[] }).cycles).toHaveLength(1);
    expect((await server.run('story play S01 --fs s01')).code).toBe(1);
  });

  it.each([
    ['story play S999', /no story S999; the stories are S01/],
    ['story play S01 --strategy break-layouts', /name one of break-layouts-classic, break-/],
    ['story play S01 --strategy modern --verdict hangs', /its endings are completes, waits/],
  ])('"pinhole %s" is a usage error', async (words, message) => {
    const { code, stderr } = await pinhole(words);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('pinhole compare', () => {
  it('gives the answer of POST /v1/compare', async () => {
    const body = JSON.stringify({ story: 'S08', strategies: ['all'] });
    const headers = { 'content-type': 'application/json' };
    const answered = await fetch(`${server.url}/v1/compare`, { method: 'POST', headers, body });
    expect((await pinhole('compare S08 -o json')).json).toEqual(await answered.json());
  });

  const script = '> create a 8192\n> mmap a 0 8192 read-write\n> pin map_1 0 4096 write\n';

  it('compares a script, and JSON that says the same', async () => {
    const text = `${script}> punch-hole a 0 4096 as T\n`;
    const golden = await pinhole(['compare', fileWith('a.pinhole', text), '-o', 'json']);
    const json = JSON.stringify([
      { op: 'create', args: { name: 'a', sizeBytes: 8192 } },
      { op: 'mmap', on: { file: 'a' }, args: { offset: 0, length: 8192, access: 'read-write' } },
      { op: 'pin', on: { mapping: 'map_1' }, args: { offset: 0, length: 4096, access: 'write' } },
      { op: 'punch-hole', on: { file: 'a' }, args: { offset: 0, length: 4096 }, owner: 'T' },
    ]);
    expect((await pinhole('compare - -o json', { stdin: json })).json).toEqual(golden.json);
    const { stdout } = await pinhole('compare - --operations', { stdin: text });
    expect(stdout).toMatch(/op_4 +punch-hole +T +a +sleeping +\S+ \S+ +pin_1/);
  });

  it('ends with 3 if an expectation does not hold', async () => {
    const holds = await pinhole(['compare', 'S01', '--expect', 'wait-for-refs: deadlocks=1']);
    expect(holds.code).toBe(0);
    const { code, stderr } = await pinhole('compare S01 --expect deadlocks=0 --expect hangs<1');
    expect(code).toBe(3);
    expect(stderr).toContain('deadlocks=0: deadlocks of wait-for-refs is 1');
    expect(stderr).not.toContain('hangs');
    const typo = await pinhole('compare S01 --expect deadlock=0');
    expect(typo.code).toBe(2);
    expect(typo.stderr).toContain('The figures are deadlocks, hangs');
  });

  it('compares a bundle, and the past of a filesystem of a server', async () => {
    await server.must('fs create past 1M');
    const path = fileWith('past.pinhole', `${script}> truncate a 0 nowait\n`);
    await server.must(['play', path, '--fs', 'past']);
    const past = await server.must('compare --fs past -o json');
    const answered = await fetch(`${server.url}/v1/filesystems/past/bundle`);
    const bundle = fileWith('past.bundle', '');
    writeFileSync(bundle, Buffer.from(await answered.arrayBuffer()));
    const played = await pinhole(['compare', bundle, '-o', 'json']);
    expect(played.json).toEqual(past.json);
    expect(past.json.strategies).toHaveLength(6);
  });

  it.each([
    ['compare', /name a story or a file, or a filesystem/],
    [`compare S${99}`, /no story S\d\d/],
    ['compare /nonexistent', /cannot be read/],
    ['compare S01 --strategy best', /no strategy best; name all or one of/],
  ])('"pinhole %s" is a usage error', async (words, message) => {
    const { code, stderr } = await pinhole(words);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('pinhole play', () => {
  const script = '> create a 8192\n> mmap a 0 8192 read-write\n> punch-hole a 0 4096\n';

  it('prints a trace that is a script, and --check finds what differs', async () => {
    const { stdout, code } = await pinhole('play -', { stdin: script });
    expect(code).toBe(0);
    expect(stdout).toContain('0 op_3 punch-hole a  layout.broken offset=0 length=4096 scans=1\n');
    expect((await pinhole('play - --check', { stdin: stdout })).code).toBe(0);
    const changed = stdout.replace('scans=1', 'scans=2');
    const wrong = await pinhole('play - --check', { stdin: changed });
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toMatch(/should be\n.*scans=2\nand is\n.*scans=1/);
  });

  it('plays on a server: the same answers by HTTP', async () => {
    await server.must('fs create played 1M');
    const { json } = await server.must('play - --fs played -o json', {
      stdin: `${script}> truncate none 0\n`,
    });
    expect(json.items.map(({ status }: { status: number }) => status)).toEqual([
      201, 201, 200, 404,
    ]);
    expect(json.items[3].answer).toMatchObject({ errno: 'ENOENT' });
  });

  it.each([
    ['> frob a\n', /line 1/],
    ['{"commands":[{"op":"frob"}]}', /commands\[0\]/],
    ['[{', /JSON/],
  ])('names the mistake in %j', async (stdin, message) => {
    const { code, stderr } = await pinhole('play -', { stdin });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
