// pinhole explain, graph, events, trace, bundle, doctor, open and bench, against a server that has
// the deadlock of S01.
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handOver } from '../../src/cli/lib/hand-over.ts';
import { ioOf } from '../../src/cli/lib/io.ts';
import { pinhole, serving } from './command.ts';

let server: Awaited<ReturnType<typeof serving>>;
beforeAll(async () => {
  server = await serving();
  await server.must('story play S01 --fs s01');
});
afterAll(() => server.close());

/** Passes bytes on, until it cuts the connections. */
async function proxyTo(url: string) {
  const { port } = new URL(url);
  const sockets = new Set<Socket>();
  let text = '';
  const proxy = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
    far.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    received: () => text,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => new Promise((resolve) => proxy.close(resolve)),
  };
}

const directory = mkdtempSync(join(tmpdir(), 'pinhole-waits-'));

const apiJson = async (path: string): Promise<unknown> =>
  (await fetch(`${server.url}/v1/filesystems/s01${path}`)).json();

describe('pinhole explain', () => {
  it('tells who waits for whom, what ends it, and draws the deadlock', async () => {
    const { code, stdout } = await server.run('explain op_6 --fs s01');
    expect(code).toBe(0);
    const words = stdout.replace(/\s+/g, ' ');
    expect(words).toContain(
      'op_6 (punch-hole of T on a) sleeps on page 0 of a. A signal ends the wait.',
    );
    expect(words).toContain('It is blocked by pin_1 of G');
    expect(words).toContain('This ends the wait: pinhole cancel op_6.');
    expect(words).toContain('Behind it: op_8 (pin of G) waits for lock:a:invalidate_lock: op_6');
    expect(stdout).toContain('*** DEADLOCK ***');
    expect(stdout).toMatch(/^refuse +failed \(EBUSY\)/m);
    expect((await server.run('explain op_6 --path --fs s01')).stdout).toMatch(/task\.blocked/);
  });

  it('gives what the API gives, and refuses what is not there', async () => {
    const { json } = await server.must('explain op_6 --fs s01 -o json');
    expect(json).toEqual(await apiJson('/operations/op_6/explain'));
    const { code, stderr } = await server.run('explain op_99 --fs s01');
    expect(code).toBe(1);
    expect(stderr).toMatch(/ENOENT/);
  });
});

describe('pinhole graph', () => {
  it('draws as text, for Graphviz, for Mermaid and as SVG', async () => {
    const { stdout } = await server.must('graph --fs s01');
    expect(stdout).toMatch(/^op_6 +page:2 +sleeps on it$/m);
    expect(stdout).toContain('*** DEADLOCK ***');
    expect((await server.must('graph --dot --fs s01')).stdout).toMatch(
      /digraph waits \{[\s\S]*"op_6" ->/,
    );
    expect((await server.must('graph --mermaid --fs s01')).stdout).toMatch(/flowchart LR\n/);
    const svg = (await server.must('graph --svg --fs s01')).stdout;
    expect(svg).toMatch(/<svg [\s\S]*op_6 punch&#45;hole[\s\S]*<\/svg>/);
    expect((await server.must('graph -o json --fs s01')).json).toEqual(
      await apiJson('/wait-graph'),
    );
    expect((await server.run('graph --svg --dot')).code).toBe(2);
  });
});

describe('pinhole events', () => {
  it('prints the stored events with their cursors, and continues after one', async () => {
    const { stdout } = await server.must('events --fs s01 -n 3');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^\w+\.1 1970-01-01T00:00:00.000Z s01 - filesystem.created kind=xfs/);
    const cursor = lines[1]?.split(' ')[0];
    const next = await server.must(['events', '--fs', 's01', '--from', cursor ?? '', '-n', '1']);
    expect(next.stdout).toBe(`${lines[2]}\n`);
    const all = await server.must('events --fs s01 -o json');
    expect(all.json.items.map(({ seq }: { seq: number }) => seq)).toEqual(
      all.json.items.map((_: unknown, at: number) => at + 1),
    );
    const blocked = await server.must(
      'events --fs s01 --types task.blocked deadlock.detected -o ndjson',
    );
    const types = blocked.stdout.trimEnd().split('\n');
    expect(new Set(types.map((line) => JSON.parse(line).type))).toEqual(
      new Set(['pinhole.task.blocked', 'pinhole.deadlock.detected']),
    );
  });

  it('follows, and resumes after the connection is lost', async () => {
    await server.must('fs create followed 1M');
    const between = await proxyTo(server.url);
    const words = 'events -f --fs followed --from oldest --types file.created -n 2';
    const events = pinhole([...words.split(' '), '--url', between.url]);
    await server.must('file create one --fs followed');
    await expect.poll(() => between.received(), { timeout: 60_000 }).toContain('files/one');
    between.cut();
    await server.must('file create two --fs followed');
    const { code, stdout, stderr } = await events;
    expect(code).toBe(0);
    expect(stdout.match(/file\.created/g)).toHaveLength(2);
    expect(stdout).toMatch(/files\/one[\s\S]*files\/two/);
    expect(stderr).toContain('The connection was lost');
    await between.close();
  });

  it('says which cursor is gone, and how to read the stream with curl', async () => {
    const gone = await server.run('events --fs s01 --from abc.1');
    expect(gone.code).toBe(1);
    expect(gone.stderr).not.toBe('');
    const { stdout } = await server.must('events --fs s01 --curl');
    expect(stdout).toContain(`'${server.url}/v1/filesystems/s01/events?from=oldest'`);
    expect((await server.run('events -f --fs none')).code).toBe(1);
  });
});

describe('pinhole trace and bundle', () => {
  it('exports a trace in both formats', async () => {
    const { json } = await server.must('trace --fs s01');
    expect(json.traceEvents.length).toBeGreaterThan(3);
    const path = join(directory, 'trace.txt');
    await server.must(['trace', '--fs', 's01', '--format', 'ftrace', '--file', path]);
    expect(readFileSync(path, 'utf8')).toMatch(/^# tracer: nop/);
    expect((await server.run('trace --fs s01 --format ftrace --open')).code).toBe(2);
  });

  it('hands a trace to a browser once', async () => {
    const io = ioOf(process);
    let fetched: string | null = null;
    const browse = async (_: unknown, url: string): Promise<boolean> => {
      expect(url).toMatch(
        /^https:\/\/ui\.perfetto\.dev\/#!\/\?url=http:\/\/127\.0\.0\.1:\d+\/t\.json$/,
      );
      const response = await fetch(url.slice(url.indexOf('url=') + 4));
      expect(response.headers.get('access-control-allow-origin')).toBe('https://ui.perfetto.dev');
      fetched = await response.text();
      return true;
    };
    await handOver(io, Buffer.from('{"traceEvents":[]}'), { name: 't.json', port: 0, browse });
    expect(fetched).toBe('{"traceEvents":[]}');
  });

  it('saves a bundle that replay accepts, and loads it', async () => {
    const path = join(directory, 'a.bundle');
    await server.must(['bundle', 'save', '--fs', 's01', '--file', path]);
    expect((await pinhole(['replay', path, '--quiet'])).code).toBe(0);
    const { json } = await server.must(['bundle', 'load', path, 'again', '-o', 'json']);
    expect(json).toMatchObject({ name: 'again', counts: { sleepers: 2 } });
    await server.must('fs rm again --force');
    const screen = await server.run('bundle save --fs s01', { terminal: true });
    expect(screen.code).toBe(2);
    expect(screen.stderr).toContain('--file');
  });
});

describe('pinhole doctor, open and bench', () => {
  const checks = ({ json }: { json: { items: { check: string; state: string }[] } }) =>
    Object.fromEntries(json.items.map(({ check, state }) => [check, state]));
  const port = (): string => new URL(server.url).port;

  it('finds a machine on which a server runs in order', async () => {
    const words = `doctor --data-dir ${directory}/none --port ${port()}`;
    const { code, stdout } = await server.run(words);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok +server +.* is Pinhole/m)]);
    const found = checks(await server.must(`${words} -o json`));
    expect(found).toMatchObject({ node: 'ok', data: 'ok', journal: 'ok', port: 'ok', clock: 'ok' });
  });

  it('says what is wrong and what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port: taken } = other.address() as AddressInfo;
    const file = join(directory, 'file');
    writeFileSync(file, '');
    try {
      const words = `doctor --data-dir ${file}/data --port ${taken} --url http://127.0.0.1:1`;
      const { code, stdout } = await pinhole(words);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^wrong +data +.*cannot be written\n +Choose another directory/m);
      expect(stdout).toMatch(/^wrong +port +.*EADDRINUSE.*\n +Stop the program/m);
      expect(stdout).toMatch(/^note +server +no server answers.*\n +Start one/m);
    } finally {
      other.close();
    }
  });

  it('opens the page with BROWSER, and prints its URL without a browser', async () => {
    const [script, seen] = [join(directory, 'browser'), join(directory, 'seen')];
    writeFileSync(script, `#!/bin/sh\necho "$1" > ${seen}\n`);
    chmodSync(script, 0o755);
    const opened = await server.must('open s01', { env: { BROWSER: script } });
    expect(opened.stdout).toBe('');
    expect(readFileSync(seen, 'utf8')).toBe(`${server.url}/ui/fs/s01\n`);
    const none = await server.must('open', { env: { BROWSER: '/nonexistent' } });
    expect(none.stdout).toBe(`${server.url}/ui/\n`);
    expect((await server.run('open none')).code).toBe(1);
  });

  it('measures scenarios, and leaves no filesystem behind', async () => {
    const { json } = await server.must('bench --time 20ms --connections 2 -o json');
    const names = json.items.map(({ scenario }: { scenario: string }) => scenario);
    expect(names).toEqual(['pin-unpin', 'punch-under-pins', 'write-read-4k']);
    for (const one of json.items) expect(one.requests).toBeGreaterThanOrEqual(4);
    expect((await server.must('fs ls')).stdout).not.toContain('bench-');
    expect((await server.run('bench --scenario fast')).stderr).toContain('there are pin-unpin');
  });
});
