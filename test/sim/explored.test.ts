// Every verdict of every story: most are explored again, and all are replayed over HTTP, step by
// step with `POST …/scheduler/step`, from the beginning that `POST /v1/filesystems {story}` makes.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { urlOf } from '../../src/http/target.ts';
import { type Verdict, verdicts, verdictsOf, wayThroughSleep } from '../../src/kernel/explore.ts';
import type { Thread } from '../../src/kernel/interleave.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { type Column, everyColumn } from '../../src/stories/story.ts';
import { wayTold } from '../../src/stories/told.ts';
import { waysTold } from '../../src/stories/ways.ts';
import { dose } from '../dose.ts';
import { call, fs, must, type Service, start } from '../http/start.ts';
import { type Cells, pageOf, pagePath, textsOf } from './explore.ts';
import { exploreScenario } from './interleavings.ts';
import { expected, furtherScenarios, type Scenario, scenarios } from './scenario-list.ts';

const everyScenario = [...scenarios, ...furtherScenarios];
const waysOf = (id: string, column: Column) =>
  verdicts.flatMap((verdict) => {
    const way = wayTold(id, column, verdict);
    return way === null ? [] : [[verdict, way] as const];
  });
const explored: Cells = Object.fromEntries(
  everyScenario.flatMap(({ id }) =>
    everyColumn.map((column) => [`${id} ${column}`, Object.fromEntries(waysOf(id, column))]),
  ),
);

let service: Service;
beforeAll(async () => {
  service = await start();
});
afterAll(() => service.close());

interface At {
  call: number;
  operation: string;
  pin: string;
  /** Calls that came to their end. */
  ended: number;
}

/** A world of its own for one way. */
class World {
  readonly #scenario: Scenario;
  readonly threads: At[];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.threads = scenario.play.threads.map(() => ({ call: 0, operation: '', pin: '', ended: 0 }));
  }

  async begin(column: Column): Promise<void> {
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', story: this.#scenario.story, strategy: column },
    });
  }

  /** Which task took the step; null where nobody could. */
  async step(task?: string): Promise<string | null> {
    return (
      await must(service, 200, 'POST', `${fs}/scheduler/step`, {
        json: task === undefined ? {} : { task },
      })
    ).json.task;
  }

  /** One move of a way. */
  async move(by: number): Promise<void> {
    const at = this.threads[by];
    if (by === -1) await this.step('kworker');
    else if (by === -2)
      await this.step((await this.operations()).find(({ op }) => op === 'evict')?.id);
    else if (at === undefined) throw new Error(`there is no thread ${by}`);
    else if (at.operation !== '') await this.step(at.operation);
    else await this.#call(at, this.#scenario.play.threads[by] as Thread);
    for (const [index, other] of this.threads.entries()) {
      if (other.operation === '') continue;
      const { json } = await must(service, 200, 'GET', `${fs}/operations/${other.operation}`);
      if (json.state === 'running' || json.state === 'sleeping') continue;
      if (json.op === 'pin') other.pin = json.result?.id ?? '';
      this.#ended(other, this.#scenario.play.threads[index] as Thread);
    }
  }

  async #call(at: At, thread: Thread): Promise<void> {
    const next = thread.calls[at.call];
    const operation = operations.get(next?.op ?? '');
    if (next === undefined || operation === undefined)
      throw new Error('a thread that is at its end does not move');
    const target = next.cancels === undefined ? '' : (this.threads[next.cancels]?.operation ?? '');
    // There is nothing that it could act on.
    if ((next.pin === true && at.pin === '') || (next.cancels !== undefined && target === ''))
      return this.#ended(at, thread);
    const url = urlOf({ on: operation.on as 'file', path: operation.route.path })
      .replace(':fs', 'scratch')
      .replace(':file', next.on.file ?? '')
      .replace(':mapping', `map_${next.on.mapping}`)
      .replace(':pin', next.on.pin === undefined ? at.pin : `pin_${next.on.pin}`)
      .replace(':operation', target);
    const query =
      operation.takes === 'json'
        ? ''
        : `?${new URLSearchParams(next.args as Record<string, string>)}`;
    const answer = await call(service, operation.route.method, url + query, {
      headers: { 'pinhole-owner': thread.owner ?? '' },
      ...(operation.takes === 'json' && operation.route.method === 'POST'
        ? { json: next.args }
        : {}),
      ...(next.data === undefined ? {} : { bytes: next.data }),
    });
    if (answer.status === 202) {
      at.operation = answer.json.id;
      return;
    }
    if (next.op === 'unpin') at.pin = '';
    this.#ended(at, thread);
  }

  #ended(at: At, thread: Thread): void {
    at.operation = '';
    at.ended += 1;
    at.call = thread.loops && at.call === thread.calls.length - 1 ? 0 : at.call + 1;
  }

  async operations(): Promise<{ id: string; op: string; state: string }[]> {
    const { items } = (await must(service, 200, 'GET', `${fs}/operations?pageSize=1000`)).json;
    return items.filter(
      ({ state }: { state: string }) => state === 'running' || state === 'sleeping',
    );
  }

  /** The operation of the first thread; null where it has come to its end. */
  async first(): Promise<{ id: string; state: string; wakeups: number } | null> {
    const { operation } = this.threads[0] as At;
    return operation === ''
      ? null
      : (await must(service, 200, 'GET', `${fs}/operations/${operation}`)).json;
  }

  isAtEnd(thread: number): boolean {
    return this.threads[thread]?.call === this.#scenario.play.threads[thread]?.calls.length;
  }
}

async function wasWarned(): Promise<boolean> {
  const { text } = await must(service, 200, 'GET', `${fs}/events?from=oldest`, {
    headers: { accept: 'application/x-ndjson', prefer: 'wait=0' },
  });
  return text.includes('"pinhole.warning.raised"');
}

/** What it came to, as one sees it who has nothing but the answers of the server. */
async function verdictOf(
  world: World,
  scenario: Scenario,
  round: readonly number[],
): Promise<Verdict | string> {
  const loops = scenario.play.threads.some((thread) => thread.loops);
  if (world.isAtEnd(0)) {
    // Those that go on for ever are in the midst of something, and must be able to end it; the
    // others have nothing left to do.
    if (loops) while ((await world.step()) !== null);
    const left = (await world.operations()).map(({ id, op }) => `${id} ${op}`);
    const early = scenario.play.threads.flatMap((thread, index) =>
      thread.loops || world.isAtEnd(index) ? [] : [thread.owner],
    );
    if (left.length > 0 || early.length > 0) return `left: ${[...left, ...early].join()}`;
    const { space, counts } = (await must(service, 200, 'GET', fs)).json;
    return counts.pins === 0 && space.blocksBusy + space.blocksDetached > 0 ? 'leaks' : 'completes';
  }
  const before = await world.first();
  if (before?.state !== 'sleeping' && round.length === 0) return 'the first could go on';
  const woken = await goRound(world, round);
  if (woken === 'each time') return 'starves';
  if (woken !== 'never') return woken;
  if (round.length === 0 && (await world.step()) !== null) return 'somebody could still move';
  const { cycles } = (await must(service, 200, 'GET', `${fs}/wait-graph`)).json as {
    cycles: { nodes: string[] }[];
  };
  if (cycles.length === 0) return 'hangs';
  return cycles.some(({ nodes }) => nodes.includes(before?.id ?? ''))
    ? 'deadlock'
    : 'a deadlock of others';
}

/**
 * Three times round. Is the first woken each time, to sleep again, while others come to the end of
 * their calls?
 */
async function goRound(world: World, round: readonly number[]): Promise<string> {
  let woken = 0;
  const rounds = round.length === 0 ? 0 : 3;
  for (let times = 0; times < rounds; times++) {
    const before = await world.first();
    const ended = world.threads.slice(1).reduce((sum, at) => sum + at.ended, 0);
    let slept = false;
    for (const by of round) {
      await world.move(by);
      slept ||= (await world.first())?.state === 'sleeping';
    }
    const after = await world.first();
    if (before === null || after === null || after.id !== before.id)
      return 'the first came to its end';
    if (world.threads.slice(1).reduce((sum, at) => sum + at.ended, 0) === ended)
      return 'nobody came to the end of a call';
    if (!slept) return 'the first never slept';
    if (after.wakeups > before.wakeups) woken += 1;
  }
  return woken === 0 ? 'never' : woken === rounds ? 'each time' : 'sometimes';
}

/**
 * What takes minutes: `npm run explore` alone goes there. Of these the ways to their verdicts are
 * gone below, like all others.
 */
const dear = ['S07 detach-and-wait', 'S07 break-layouts classic', 'S07 break-layouts fixed'];

/** In a small dose. Together these take most of the time. */
const dearScenarios = dose(['S05', 'S06', 'S07', 'S08', 'S13', 'S15', 'S23', 'S32'], []);
const cheap = everyScenario.filter(({ id }) => !dearScenarios.includes(id));

test.each(cheap)('SM6 every order of steps of $id: $tells', { timeout: 1_200_000 }, (scenario) => {
  for (const column of everyColumn) {
    const cell = `${scenario.id} ${column}`;
    if (dear.includes(cell)) continue;
    const found = exploreScenario(scenario, column);
    const { verdicts: reached, ways, open } = found;
    expect([cell, open.size > 0, ...reached]).toEqual([cell, false, ...expected(scenario, column)]);
    expect(
      { [cell]: textsOf(ways, wayThroughSleep(found)) },
      'src/stories/ways.ts is older than this: npm run explore',
    ).toEqual({ [cell]: waysTold[cell] });
  }
});

test('SM6 the page has what was explored, and that is what docs/scenarios.md says', () => {
  const found = Object.entries(explored).map(([cell, ways]) => [cell, ...verdictsOf(ways)]);
  const told = everyScenario.flatMap((scenario) =>
    everyColumn.map((column) => [`${scenario.id} ${column}`, ...expected(scenario, column)]),
  );
  expect(found).toEqual(told);
  expect(readFileSync(pagePath, 'utf8'), 'npm run explore writes it').toBe(pageOf(explored));
});

test.each(everyScenario)('SM7 $id over HTTP: $tells', { timeout: 300_000 }, async (scenario) => {
  for (const column of everyColumn) {
    for (const [verdict, way] of waysOf(scenario.id, column)) {
      const world = new World(scenario);
      await world.begin(column);
      try {
        for (const by of way.to) await world.move(by);
        const freed = verdict === 'frees under the pin' && (await wasWarned());
        const came = freed ? verdict : await verdictOf(world, scenario, way.round ?? []);
        expect([scenario.id, column, came]).toEqual([scenario.id, column, verdict]);
      } finally {
        await must(service, 200, 'DELETE', fs, { json: { force: true } });
      }
    }
  }
});
