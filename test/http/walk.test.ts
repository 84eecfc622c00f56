// POST …/scheduler/step and GET …/choices: a walk through S01 of docs/scenarios.md.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { durable, freshFolder } from '../journal/kept.ts';
import { letters, page } from '../machine.ts';
import { call, fs, must, type Service, start } from './start.ts';

let service: Service;
beforeAll(async () => {
  service = await start({ walkStepsMax: 40 });
});
afterAll(() => service.close());
afterEach(async () => {
  await call(service, 'DELETE', fs, { json: { force: true } });
});

const stepUrl = `${fs}/scheduler/step`;
const step = async (json: object = {}) =>
  (await must(service, 200, 'POST', stepUrl, { json })).json;
const choices = async (query = '') =>
  (await must(service, 200, 'GET', `${fs}/choices${query}`)).json;

interface Told {
  seq: number;
  type: string;
  operation?: string;
}

/** The file `a` of three pages, mapped as `map_1`. */
async function world(mkfs: object = {}): Promise<void> {
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: {
      name: 'scratch',
      sizeBytes: 2 ** 20,
      clock: 'manual',
      scheduler: 'stepped',
      strategy: { name: 'wait-for-refs' },
      ...mkfs,
    },
  });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
  await must(service, 202, 'PUT', `${fs}/files/a/content?offset=0`, { bytes: letters('ABC') });
  await step({ until: 'done' });
  await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
    json: { offset: 0, length: 3 * page, access: 'read-write' },
  });
}

async function punch(): Promise<string> {
  const json = { offset: 0, length: 2 * page, owner: 'T' };
  return (await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, { json })).json.id;
}

async function pin(more: object = {}): Promise<string> {
  const json = { offset: 0, length: 2 * page, access: 'write', owner: 'G', ...more };
  return (await must(service, 202, 'POST', `${fs}/mappings/map_1/pins`, { json })).json.id;
}

/** All events so far, as the stream has them. */
async function stream(): Promise<Told[]> {
  const { text } = await must(service, 200, 'GET', `${fs}/events?from=oldest`, {
    headers: { accept: 'application/x-ndjson', prefer: 'wait=0' },
  });
  return text
    .trim()
    .split('\n')
    .flatMap((line) => JSON.parse(line).events ?? []);
}

describe('one answer for each step', () => {
  test('has the step, its events as in the stream, who can go on, and the cursor', async () => {
    await world();
    const g = await pin();
    const before = (await choices()).cursor;
    for (let i = 0; i < 3; i += 1) await step();
    const walked = await step();
    expect(walked).toMatchObject({ task: g, op: 'pin', step: 'entry', steps: 1, ended: 'step' });
    expect(walked.runnable).toEqual([{ task: g, nextStep: 'map', touches: 'entry:a:0' }]);
    const faulted = await step();
    expect(faulted.events.map(({ type }: Told) => type)).toContain('pinhole.page.faulted');
    const all = await stream();
    for (const event of faulted.events) expect(all).toContainEqual(event);
    expect(faulted.cursor).toBe(faulted.events.at(-1).id);
    const { text } = await must(service, 200, 'GET', `${fs}/events?from=${before}`, {
      headers: { accept: 'application/x-ndjson', prefer: 'wait=0' },
    });
    expect(text).toContain(`"id":"${faulted.cursor}"`);
  });

  test('is the same with nothing to run as before: the task is null', async () => {
    await world();
    expect(await step()).toMatchObject({
      task: null,
      op: null,
      step: null,
      steps: 0,
      ended: 'step',
      events: [],
      runnable: [],
    });
    expect(await step({ until: 'blocked' })).toMatchObject({ task: null, steps: 0, ended: 'idle' });
    // All operations have ended, so there is nothing to wait for.
    expect(await step({ until: 'done' })).toMatchObject({ task: null, steps: 0, ended: 'done' });
  });

  test('the clock is one of the choices, and can be stepped', async () => {
    await world();
    await pin({ holdMs: 50 });
    await step({ until: 'done' });
    expect((await choices()).choices).toEqual([
      { task: 'timer', nextStep: 'fire', touches: 'pin_1' },
    ]);
    const fired = await step({ task: 'timer' });
    expect(fired).toMatchObject({ task: 'timer', step: 'fire', ended: 'step' });
    expect(fired.events.map(({ type }: Told) => type)).toContain('pinhole.page.unpinned');
  });
});

describe('until', () => {
  test('a walk of the clock ends with its last timer, and its steps are told', async () => {
    await world();
    await pin({ length: page, holdMs: 100 });
    await step({ until: 'done' });
    const t = await punch();
    const walked = await step({ task: 'timer', until: 'done' });
    expect(walked).toMatchObject({ task: 'timer', step: 'fire', steps: 1, ended: 'idle' });
    expect(walked.events.map(({ type }: Told) => type)).toContain('pinhole.page.unpinned');
    expect(walked.runnable.map(({ task }: { task: string }) => task)).toEqual([t]);
    // Without a timer nothing happens, and the request is refused as a single step is.
    await must(service, 400, 'POST', stepUrl, { json: { task: 'timer', until: 'done' } });
  });

  test('deadlock: the walk ends with the step that closes the cycle', async () => {
    await world();
    const g = await pin();
    const t = await punch();
    // G has page 0, then T scans.
    for (const task of [g, g, g, g, g, g]) await step({ task });
    const slept = await step({ task: t, until: 'blocked' });
    expect(slept).toMatchObject({ task: t, step: 'sleep', ended: 'blocked' });
    const closed = await step({ until: 'deadlock' });
    expect(closed).toMatchObject({ task: g, step: 'fault', ended: 'deadlock', runnable: [] });
    expect(closed.events.map(({ type }: Told) => type)).toContain('pinhole.deadlock.detected');
    // Each step was an entry of its own.
    expect(await step({ until: 'deadlock' })).toMatchObject({ steps: 0, ended: 'idle' });
  });

  test('done: all operations have ended, or the one that the request names', async () => {
    await world({ strategy: { name: 'busy-extents' } });
    const t = await punch();
    await pin();
    const one = await step({ task: t, until: 'done' });
    expect(one).toMatchObject({ task: t, step: 'commit', steps: 5, ended: 'done' });
    const all = await step({ until: 'done' });
    expect(all).toMatchObject({ ended: 'done', runnable: [] });
    const types = all.events.map(({ seq }: Told) => seq);
    expect(types).toEqual(types.map((_: number, i: number) => types[0] + i));
  });

  test('a walk that reaches the limit says so, and goes on with the next request', async () => {
    await world();
    for (let i = 0; i < 30; i += 1)
      await must(service, 202, 'PUT', `${fs}/files/a/content?offset=0`, { bytes: 'x' });
    expect(await step({ until: 'done' })).toMatchObject({ steps: 40, ended: 'limit' });
    let walked = await step({ until: 'done' });
    while (walked.ended === 'limit') walked = await step({ until: 'done' });
    expect(walked.ended).toBe('done');
  });

  test('a task that sleeps or does not exist is refused, and a later one is not', async () => {
    await world();
    await pin();
    const t = await punch();
    for (const task of ['op_999', 'kworker'])
      expect(
        (await call(service, 'POST', stepUrl, { json: { task, until: 'done' } })).json,
      ).toMatchObject({
        errno: 'EINVAL',
        rule: 'SC2',
      });
    expect(await step({ task: t, until: 'deadlock' })).toMatchObject({ ended: 'idle' });
  });
});

test('an inbox that is full in the middle of a walk ends it at its limit', async () => {
  const small = await start({ inboxMax: 1 });
  const other = service;
  service = small;
  try {
    await world();
    await pin();
    const hosted = small.engine.find('default', 'scratch');
    const submit = hosted?.submit.bind(hosted);
    if (hosted === undefined || submit === undefined) throw new Error('there is a filesystem');
    // Before the third step of the walk somebody else takes the place in the inbox.
    let steps = 0;
    hosted.submit = (command, key) => {
      steps += 1;
      if (steps === 3) void submit({ op: 'sync', on: {}, args: {} });
      return submit(command, key);
    };
    expect(await step({ until: 'done' })).toMatchObject({ steps: 2, ended: 'limit' });
    hosted.submit = submit;
    expect(await step({ until: 'done' })).toMatchObject({ ended: 'done' });
  } finally {
    service = other;
    await small.close();
  }
});

describe('random', () => {
  const walkOf = async (seed: number): Promise<{ walked: string[]; deadlocks: number }> => {
    await world();
    await pin();
    await punch();
    const walked: string[] = [];
    for (;;) {
      const { task, step: name } = await step({ random: { seed } });
      if (task === null) break;
      walked.push(`${task} ${name}`);
    }
    const { cycles } = (await must(service, 200, 'GET', `${fs}/wait-graph`)).json;
    await must(service, 200, 'DELETE', fs, { json: { force: true } });
    return { walked, deadlocks: cycles.length };
  };

  test('a seed takes the same walk each time, and seeds differ', async () => {
    const walks = [];
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) walks.push(await walkOf(seed));
    expect(await walkOf(3)).toEqual(walks[2]);
    expect(new Set(walks.map(({ walked }) => walked.join())).size).toBeGreaterThan(3);
    const deadlocks = new Set(walks.map((one) => one.deadlocks));
    expect(deadlocks).toEqual(new Set([0, 1]));
  });

  test('with until it is one request', async () => {
    await world();
    await pin();
    await punch();
    const walked = await step({ random: { seed: 7 }, until: 'done' });
    expect(['done', 'idle']).toContain(walked.ended);
    expect(walked.steps).toBeGreaterThan(5);
  });
});

describe('choices', () => {
  test('explore=true says where each choice can lead', async () => {
    await world();
    const g = await pin();
    const t = await punch();
    const { choices: both, explored } = await choices('?explore=true');
    expect(explored).toMatchObject({ complete: true });
    expect(both).toEqual([
      { task: g, nextStep: 'begin', touches: 'map_1', verdicts: ['completes', 'deadlock'] },
      {
        task: t,
        nextStep: 'lock',
        touches: 'lock:a:i_rwsem',
        verdicts: ['completes', 'deadlock'],
      },
    ]);
    await step({ task: t, until: 'done' });
    expect((await choices('?explore=true')).choices).toMatchObject([
      { task: g, verdicts: ['completes'] },
    ]);
  });

  test('each step is one more command, and a fork counts on', async () => {
    await world();
    const g = await pin();
    const { commands } = await choices();
    await step({ task: g });
    expect((await choices()).commands).toBe(commands + 1);
    const json = { name: 'earlier', from: { filesystem: 'scratch', before: true } };
    await must(service, 201, 'POST', '/v1/filesystems', { json });
    const earlier = await must(service, 200, 'GET', '/v1/filesystems/earlier/choices');
    expect(earlier.json).toMatchObject({ commands, choices: [{ task: g, nextStep: 'begin' }] });
    await must(service, 200, 'DELETE', '/v1/filesystems/earlier', { json: { force: true } });
  });

  test('none frees a block under the pin in some orders', async () => {
    await world({ strategy: { name: 'none' } });
    await pin();
    await punch();
    const { choices: both } = await choices('?explore=true');
    expect(both).toMatchObject([
      { verdicts: ['completes'], freesUnderPin: true },
      { verdicts: ['completes'], freesUnderPin: true },
    ]);
  });

  test('a search at its limit says unknown and why', async () => {
    const small = await start({ exploreStatesMax: 10 });
    const other = service;
    service = small;
    try {
      await world();
      await pin();
      await punch();
      const { choices: both, explored } = await choices('?explore=true');
      expect(explored).toMatchObject({
        complete: false,
        why: expect.stringContaining('10 states'),
      });
      for (const { verdicts } of both) expect(verdicts).toContain('unknown');
    } finally {
      service = other;
      await small.close();
    }
  });

  test('searches of many callers at once all come to their end', async () => {
    await world();
    await pin();
    await punch();
    const all = await Promise.all(Array.from({ length: 24 }, () => choices('?explore=true')));
    const complete = all.filter(({ explored }) => explored.complete);
    expect(complete.length).toBeGreaterThanOrEqual(4);
    for (const { explored } of all)
      if (!explored.complete) expect(explored.why).toContain('too many searches');
  });

  test('change nothing, and need the scope read alone', async () => {
    await world();
    await pin();
    const before = (await must(service, 200, 'GET', fs)).headers.etag;
    const events = (await stream()).length;
    await choices('?explore=true');
    expect((await must(service, 200, 'GET', fs)).headers.etag).toBe(before);
    expect((await stream()).length).toBe(events);
  });
});

describe('bad input', () => {
  test.each([
    [{ until: 'never' }, 'invalid-value'],
    [{ until: ['blocked'] }, 'invalid-value'],
    [{ random: {} }, 'invalid-value'],
    [{ random: { seed: -1 } }, 'invalid-value'],
    [{ random: { seed: 0.5 } }, 'invalid-value'],
    [{ random: { seed: 1, more: 1 } }, 'unknown-field'],
    [{ random: { seed: 1 }, task: 'kworker' }, 'invalid-value'],
    [{ task: 'op_x' }, 'invalid-value'],
    [{ steps: 3 }, 'unknown-field'],
  ])('%j is refused, and no step is taken', async (json, type) => {
    await world();
    await pin();
    const before = (await choices()).cursor;
    const answer = await call(service, 'POST', stepUrl, { json });
    expect(answer.json).toMatchObject({ status: 400, type: expect.stringContaining(type) });
    expect((await choices()).cursor).toBe(before);
  });

  test('SC1 an automatic scheduler has neither steps nor choices', async () => {
    await world({ scheduler: 'auto' }).catch(() => {});
    const problem = { status: 422, errno: 'EOPNOTSUPP', rule: 'SC1' };
    for (const json of [{}, { until: 'done' }, { random: { seed: 1 } }])
      expect((await call(service, 'POST', stepUrl, { json })).json).toMatchObject(problem);
    expect((await call(service, 'GET', `${fs}/choices`)).json).toMatchObject(problem);
    expect((await call(service, 'GET', '/v1/filesystems/none/choices')).status).toBe(404);
  });
});

test('an Idempotency-Key gives the first answer again, and no more steps', async () => {
  await world();
  await pin();
  await punch();
  const options = { json: { until: 'blocked' }, headers: { 'idempotency-key': 'walk-1' } };
  const first = await must(service, 200, 'POST', stepUrl, options);
  const again = await must(service, 200, 'POST', stepUrl, options);
  expect(again.json).toEqual(first.json);
  expect((await choices()).cursor).toBe(first.json.cursor);
});

test('a walk of a server that stores its log takes the same steps in the replay', async () => {
  const directory = freshFolder();
  const other = service;
  try {
    service = await durable(directory);
    await world();
    await pin();
    const t = await punch();
    await step({ random: { seed: 11 }, until: 'blocked' });
    const before = (await choices()).choices;
    const kept = (await stream()).length;
    await service.close();
    service = await durable(directory);
    expect((await choices()).choices).toEqual(before);
    expect((await stream()).length).toBe(kept);
    // The walk goes on as if nothing had happened.
    await step({ until: 'done' });
    expect((await must(service, 200, 'GET', `${fs}/operations/${t}`)).json.id).toBe(t);
    await service.close();
  } finally {
    service = other;
  }
});
