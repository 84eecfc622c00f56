// GET /v1/stories, and POST /v1/filesystems {story}.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { begun, resumeStory } from '../../src/http/routes/story.ts';
import { type CommandJson, zCommand } from '../../src/script/command-json.ts';
import { everyColumn } from '../../src/stories/story.ts';
import { type Answer, call, fs, must, type Service, start } from './start.ts';

let service: Service;
beforeAll(async () => {
  service = await start();
});
afterAll(() => service.close());

const ids = Array.from({ length: 32 }, (_, i) => `S${String(i + 1).padStart(2, '0')}`);
const create = (json: object, on = service) =>
  call(on, 'POST', '/v1/filesystems', { json: { name: 'scratch', ...json } });
const remove = () => must(service, 200, 'DELETE', fs, { json: { force: true } });
const tell = async (id: string, query = '') =>
  (await must(service, 200, 'GET', `/v1/stories/${id}${query}`)).json;

interface Move {
  submit?: CommandJson;
  request: { method: string; path: string; query: Record<string, string>; json?: object };
}

/** Makes the call of a move as the story says. */
function submit({ submit: { data } = { op: '' }, request }: Move): Promise<Answer> {
  const { method, path, query, json } = request;
  const url = `${fs}${path}?${new URLSearchParams(query)}`;
  return call(service, method, url, {
    ...(json === undefined ? {} : { json }),
    ...(data === undefined ? {} : { bytes: Buffer.from(data, 'base64') }),
  });
}

describe('the list', () => {
  test('has S01 to S32, each with a text for a class and its verdicts', async () => {
    const { items } = (await must(service, 200, 'GET', '/v1/stories')).json;
    expect(items.map(({ id }: { id: string }) => id)).toEqual(ids);
    for (const { title, text, strategies } of items) {
      expect(title.length).toBeGreaterThan(3);
      expect(text.length).toBeGreaterThan(100);
      expect(Object.keys(strategies)).toEqual(everyColumn);
      for (const verdicts of Object.values(strategies) as string[][])
        expect(verdicts.length).toBeGreaterThan(0);
    }
  });

  test('has the verdicts of docs/explored.md', async () => {
    const { items } = (await must(service, 200, 'GET', '/v1/stories')).json;
    const page = readFileSync(join(import.meta.dirname, '../../docs/explored.md'), 'utf8');
    const rows = [...page.matchAll(/^\| (S\d\d) \| [^|]* \| (.*) \|$/gm)];
    expect(rows.length).toBe(12);
    for (const [, id, cells] of rows) {
      const { strategies } = items.find((item: { id: string }) => item.id === id);
      const told = everyColumn.map((column) => strategies[column].join(', '));
      expect([id, told.join(' | ')]).toEqual([id, cells]);
    }
  });
});

describe('a story', () => {
  test.each(ids)(
    '%s: its calls are commands, and the way that it tells can be played',
    async (id) => {
      const story = await tell(id);
      for (const command of [...story.setup, ...story.commands])
        expect(zCommand.safeParse(command).error).toBeUndefined();
      expect(story.questions.length).toBeGreaterThan(1);
      const called = story.threads.flatMap(({ commands }: { commands: number[] }) => commands);
      expect(called).toEqual(story.commands.map((_: unknown, at: number) => at));
      const { strategy } = story.told;
      expect(await create({ story: id, strategy })).toMatchObject({ status: 201 });
      try {
        expect((await must(service, 200, 'GET', `${fs}/choices`)).json.commands).toBe(
          story.prepared,
        );
        for (const { task, step, ...move } of story.steps) {
          if (task === undefined) {
            expect((await submit(move)).status).not.toBeOneOf([400, 404, 405, 415, 422, 500]);
            continue;
          }
          const { json } = await must(service, 200, 'POST', `${fs}/scheduler/step`, {
            json: { task },
          });
          expect(json).toMatchObject({ task, ...(task === 'kworker' ? {} : { step }) });
        }
        expect((await must(service, 200, 'GET', `${fs}/choices`)).json.commands).toBe(
          story.prepared + story.steps.length,
        );
      } finally {
        await remove();
      }
    },
  );

  test('S01 tells its deadlock, and with a strategy what can happen under that one', async () => {
    const story = await tell('S01');
    expect(story.told).toEqual({ strategy: 'wait-for-refs', verdict: 'deadlock' });
    expect(story.steps.map(({ text }: { text: string }) => text)).toMatchInlineSnapshot(`
      [
        "T calls punch-hole on a with offset 0, length 8192.",
        "T takes the step lock in punch-hole on lock:a:i_rwsem.",
        "G calls pin on map_1 with offset 0, length 8192, access write.",
        "G takes the step begin in pin on map_1.",
        "G takes the step page in pin on map_1.",
        "G takes the step fault in pin on lock:a:invalidate_lock.",
        "T takes the step lockMapping in punch-hole on lock:a:invalidate_lock.",
        "G takes the step entry in pin on entry:a:0.",
        "G takes the step map in pin on entry:a:0.",
        "G takes the step page in pin on page:2.",
        "T takes the step scan in punch-hole on file:a.",
        "T takes the step enqueue in punch-hole on page:2.",
        "T takes the step test in punch-hole on page:2.",
        "T takes the step sleep in punch-hole on page:2.",
        "G takes the step page in pin on map_1.",
        "G takes the step fault in pin on lock:a:invalidate_lock.",
      ]
    `);
    expect((await tell('S01', '?strategy=busy-extents')).told.verdict).toBe('completes');
    expect((await tell('S03')).told).toEqual({ strategy: 'wait-for-refs', verdict: 'waits' });
    const waits = await tell('S01', '?strategy=wait-for-refs&verdict=waits');
    expect(waits.told).toEqual({ strategy: 'wait-for-refs', verdict: 'waits' });
    expect(waits.ways['wait-for-refs'].deadlock.to).toEqual(expect.arrayContaining(['T', 'G']));
  });

  test('an ending that a strategy does not have is refused, and its endings are named', async () => {
    const answer = await call(service, 'GET', '/v1/stories/S01?strategy=refuse&verdict=deadlock');
    expect(answer.json).toMatchObject({
      status: 400,
      detail: expect.stringContaining('completes'),
    });
    expect((await call(service, 'GET', '/v1/stories/S01?strategy=x')).status).toBe(400);
    const unknown = await call(service, 'GET', '/v1/stories/mail');
    expect(unknown.json).toMatchObject({ status: 404, detail: expect.stringContaining('S32') });
  });
});

describe('POST /v1/filesystems {story}', () => {
  test('makes a stepped filesystem with a manual clock at the beginning of the story', async () => {
    const { json, status, headers } = await create({ story: 'S03', strategy: 'wait-for-refs' });
    expect(status).toBe(201);
    expect(headers.location).toBe('/v1/filesystems/scratch');
    expect(json).toMatchObject({
      scheduler: 'stepped',
      clock: 'manual',
      strategy: { name: 'wait-for-refs' },
      counts: { files: 1, mappings: 1, pins: 0 },
    });
    expect((await must(service, 200, 'GET', `${fs}/choices`)).json.choices).toEqual([]);
    await remove();
  });

  test.each([
    ['break-layouts classic', { name: 'break-layouts', idleRule: 'classic' }],
    ['break-layouts', { name: 'break-layouts' }],
    [
      { name: 'wait-for-refs', newRefs: 'fail' },
      { name: 'wait-for-refs', newRefs: 'fail' },
    ],
  ])('takes the strategy %j', async (strategy, expected) => {
    expect((await create({ story: 'S24', strategy })).json).toMatchObject({ strategy: expected });
    await remove();
  });

  test.each([
    [{ story: 'mail' }, 'SY1', 'S01, S02'],
    [{ story: '' }, 'SY1', 'S32'],
    [{ story: '__proto__' }, 'SY1', 'S32'],
    [{ story: 'S01', strategy: 'wish' }, 'ST1', 'break-layouts modern'],
    [{ story: 'S01', strategy: '__proto__' }, 'ST1', 'busy-extents'],
    [{ story: 'S01', strategy: { name: 'wish' } }, 'ST1', 'busy-extents'],
    [{ story: 'S01', strategy: { name: 'refuse', newRefs: 'x' } }, 'ST3', 'newRefs'],
    [{ story: 'S01', strategy: 'busy-extents', kind: 'ext2' }, 'ST2', 'busy'],
    [{ story: 7 }, 'H2', 'story'],
    [{ story: 'S01', sizeBytes: 2 ** 20 }, 'H1', 'sizeBytes'],
    [{ story: 'S01', clock: 'realtime' }, 'H1', 'clock'],
    [{ story: 'S01', from: { filesystem: 'other' } }, 'H1', 'story'],
  ])('%j is refused by %s, and nothing is made', async (json, rule, names) => {
    const { json: problem } = await create(json);
    expect(problem).toMatchObject({ rule, detail: expect.stringContaining(names) });
    expect(problem.status).toBeLessThan(500);
    expect((await must(service, 200, 'GET', '/v1/filesystems')).json.items).toEqual([]);
  });

  test('every story begins on every kind and kernel, or says why not', async () => {
    for (const story of ids)
      for (const kind of ['xfs', 'ext4', 'ext2', 'btrfs'])
        for (const kernel of ['6.12', '7.3']) {
          const { status, json } = await create({ story, kind, kernel });
          if (status === 201) await remove();
          else expect([story, kind, json.errno]).toEqual([story, kind, 'EOPNOTSUPP']);
        }
  });

  test('a quota that does not suffice leaves no filesystem behind', async () => {
    const small = await start({ quotaPins: 2 });
    try {
      expect((await create({ story: 'S19' }, small)).json).toMatchObject({
        errno: 'EDQUOT',
        quota: { name: 'pins', limit: 2 },
      });
      expect((await must(small, 200, 'GET', '/v1/filesystems')).json.items).toEqual([]);
      expect((await create({ story: 'S18' }, small)).status).toBe(201);
    } finally {
      await small.close();
    }
  });

  test('an inbox of one command is enough', async () => {
    const small = await start({ inboxMax: 1 });
    try {
      expect((await create({ story: 'S23' }, small)).json).toMatchObject({ counts: { pins: 2 } });
    } finally {
      await small.close();
    }
  });

  test('a limit of the server that is reached in the setup leaves no filesystem behind', async () => {
    const small = await start({ inboxMax: 2 });
    try {
      const { engine } = small;
      const makes = engine.create.bind(engine);
      engine.create = async (...given) => {
        const made = await makes(...given);
        // Somebody else takes a place in the inbox.
        if (made.ok) void made.fs.submit({ op: 'sync', on: {}, args: {} });
        return made;
      };
      expect((await create({ story: 'S19' }, small)).json).toMatchObject({
        status: 503,
        type: expect.stringContaining('inbox-full'),
      });
      expect((await must(small, 200, 'GET', '/v1/filesystems')).json.items).toEqual([]);
    } finally {
      await small.close();
    }
  });

  test('the name is taken like that of any filesystem', async () => {
    await create({ story: 'S02' });
    expect((await create({ story: 'S03' })).json).toMatchObject({ errno: 'EEXIST' });
    expect((await must(service, 200, 'GET', fs)).json.counts).toMatchObject({ files: 1 });
    await remove();
  });

  test('a key gives the same filesystem again, and a setup that was cut off is completed', async () => {
    const { engine } = service;
    const options = {
      json: { name: 'scratch', story: 'S18', strategy: 'refuse' },
      headers: { 'idempotency-key': 'story-1' },
    };
    const first = await must(service, 201, 'POST', '/v1/filesystems', options);
    expect((await must(service, 201, 'POST', '/v1/filesystems', options)).json).toEqual(first.json);
    const whole = engine.find('default', 'scratch');
    // As a restart in the middle of the setup leaves it.
    const asked = { name: 'cut', story: 'S18', strategy: 'refuse' };
    const { args, entries } = begun(asked);
    const made = await engine.create('default', args);
    if (!made.ok) throw new Error(made.failure.why);
    for (const entry of entries.slice(0, 7)) await made.fs.submit(entry);
    await resumeStory(engine, made.fs, asked);
    expect(made.fs.kernel.seq).toBe(entries.length);
    expect([...made.fs.kernel.pins]).toEqual([...(whole?.kernel.pins ?? [])]);
    await remove();
    await must(service, 200, 'DELETE', '/v1/filesystems/cut', { json: { force: true } });
  });
});
