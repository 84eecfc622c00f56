// Every verdict of docs/explored.md again, those of the smaller scenarios by exploring, and all of them over HTTP: the way that the explorer found, step by step through `POST …/scheduler/step`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { urlOf } from '../../src/http/target.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { call, fs, must, type Service, start } from '../http/start.ts';
import { letters, page } from '../machine.ts';
import { explore, type Ways } from './explore.ts';
import {
  type Column,
  columns,
  everyColumn,
  expected,
  type Scenario,
  scenarios,
  type Thread,
  type Verdict,
} from './scenario-list.ts';

const explored = JSON.parse(readFileSync(join(import.meta.dirname, 'explored.json'), 'utf8')) as Record<string, Ways>;

let service: Service;
beforeAll(async () => {
  service = await start();
});
afterAll(() => service.close());

interface At {
  call: number;
  operation: string;
  pin: string;
}

/** A world of its own for one way. */
class World {
  readonly #scenario: Scenario;
  readonly threads: At[];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.threads = scenario.threads.map(() => ({ call: 0, operation: '', pin: '' }));
  }

  async begin(column: Column): Promise<void> {
    const geometry = { sizeBytes: 16 * page, kind: 'xfs', kernel: '7.3', clock: 'manual', scheduler: 'stepped' };
    await must(service, 201, 'POST', '/v1/filesystems', { json: { name: 'scratch', ...geometry, strategy: columns[column] } });
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
    await must(service, 202, 'PUT', `${fs}/files/a/content?offset=0`, { bytes: letters('ABC') });
    while ((await this.step()) !== null);
    await must(service, 201, 'POST', `${fs}/files/a/mappings`, { json: { offset: 0, length: 3 * page, access: 'read-write' } });
  }

  /** Which task took the step; null where nobody could. */
  async step(task?: string): Promise<string | null> {
    return (await must(service, 200, 'POST', `${fs}/scheduler/step`, { json: task === undefined ? {} : { task } })).json.task;
  }

  /** One move of a way. */
  async move(by: number): Promise<void> {
    const at = this.threads[by];
    if (by === -1) await this.step('kworker');
    else if (by === -2) await this.step((await this.operations()).find(({ op }) => op === 'evict')?.id);
    else if (at === undefined) throw new Error(`there is no thread ${by}`);
    else if (at.operation !== '') await this.step(at.operation);
    else await this.#call(at, this.#scenario.threads[by] as Thread);
    for (const [index, other] of this.threads.entries()) {
      if (other.operation === '') continue;
      const { json } = await must(service, 200, 'GET', `${fs}/operations/${other.operation}`);
      if (json.state === 'running' || json.state === 'sleeping') continue;
      if (json.op === 'pin') other.pin = json.result?.id ?? '';
      this.#ended(other, this.#scenario.threads[index] as Thread);
    }
  }

  async #call(at: At, thread: Thread): Promise<void> {
    const next = thread.calls[at.call];
    const operation = operations.get(next?.op ?? '');
    if (next === undefined || operation === undefined) throw new Error('a thread that is at its end does not move');
    const target = next.cancels === undefined ? '' : (this.threads[next.cancels]?.operation ?? '');
    // There is nothing that it could act on.
    if ((next.pin === true && at.pin === '') || (next.cancels !== undefined && target === '')) return this.#ended(at, thread);
    const url = urlOf({ on: operation.on as 'file', path: operation.route.path })
      .replace(':fs', 'scratch')
      .replace(':file', 'a')
      .replace(':mapping', 'map_1')
      .replace(':pin', at.pin)
      .replace(':operation', target);
    const query = operation.body === 'json' ? '' : `?${new URLSearchParams(next.args as Record<string, string>)}`;
    const answer = await call(service, operation.route.method, url + query, {
      headers: { 'pinhole-owner': thread.owner },
      ...(operation.body === 'json' && operation.route.method === 'POST' ? { json: next.args } : {}),
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
    at.call = thread.loops && at.call === thread.calls.length - 1 ? 0 : at.call + 1;
  }

  async operations(): Promise<{ id: string; op: string; state: string }[]> {
    const { items } = (await must(service, 200, 'GET', `${fs}/operations?pageSize=1000`)).json;
    return items.filter(({ state }: { state: string }) => state === 'running' || state === 'sleeping');
  }

  ended(): boolean {
    return this.threads[0]?.call === this.#scenario.threads[0]?.calls.length;
  }
}

async function wasWarned(): Promise<boolean> {
  const { text } = await must(service, 200, 'GET', `${fs}/events?from=oldest`, {
    headers: { accept: 'application/x-ndjson', prefer: 'wait=0' },
  });
  return text.includes('freed under');
}

/** What it came to, as one sees it who has nothing but the answers of the server. */
async function verdictOf(world: World, scenario: Scenario): Promise<Verdict> {
  if (world.ended()) {
    const { space, counts } = (await must(service, 200, 'GET', fs)).json;
    const left = counts.pins === 0 && (await world.operations()).length === 0 && space.blocksBusy + space.blocksDetached > 0;
    return left ? 'leaks' : 'completes';
  }
  if (scenario.threads.some(({ loops }) => loops)) return 'starves';
  expect(await world.step(), 'somebody could still move').toBeNull();
  const { cycles } = (await must(service, 200, 'GET', `${fs}/wait-graph`)).json;
  return cycles.length > 0 ? 'deadlock' : 'hangs';
}

/** Those with the fewest states; `npm run explore` takes the others too. */
const small = scenarios.filter(({ id }) => ['S01', 'S02', 'S03', 'S04', 'S07, ended', 'S09', 'S10', 'S11', 'S12'].includes(id));

test.each(everyColumn)('SM6 every order of steps of the smaller scenarios under %s', { timeout: 120_000 }, (column) => {
  for (const scenario of small) {
    const { verdicts, bounded } = explore(scenario, column);
    expect([scenario.id, bounded, ...verdicts]).toEqual([scenario.id, false, ...expected(scenario, column)]);
  }
});

test('SM7 a way is kept to every verdict of the table', () => {
  const found = Object.entries(explored).map(([cell, ways]) => [cell, Object.keys(ways).sort()]);
  const told = scenarios.flatMap((scenario) =>
    everyColumn.map((column) => [`${scenario.id} ${column}`, [...expected(scenario, column)].sort()]),
  );
  expect(found).toEqual(told);
});

test.each(scenarios)('SM7 $id over HTTP: $tells', { timeout: 60_000 }, async (scenario) => {
  for (const column of everyColumn) {
    for (const [verdict, way] of Object.entries(explored[`${scenario.id} ${column}`] ?? {})) {
      const world = new World(scenario);
      await world.begin(column);
      for (const by of way.to) await world.move(by);
      // Round and round, and the first is where it was.
      for (let rounds = 0; rounds < 3; rounds++) for (const by of way.round ?? []) await world.move(by);
      const freed = verdict === 'frees under the pin' && (await wasWarned());
      expect([scenario.id, column, freed ? verdict : await verdictOf(world, scenario)]).toEqual([scenario.id, column, verdict]);
      await must(service, 200, 'DELETE', fs, { json: { force: true } });
    }
  }
});
