import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemTable } from '../../src/http/problem-table.ts';
import { howToOf, linkToRule, type Rule, rulesOf } from '../../src/http/rules.ts';
import { call, fs, must, pinnedWorld, type Service, start } from './start.ts';

let service: Service;
beforeAll(async () => {
  service = await start();
  await pinnedWorld(service);
});
afterAll(() => service.close());

describe('the rules', () => {
  it('are those of docs/spec.md, in its order', async () => {
    const spec = readFileSync(new URL('../../docs/spec.md', import.meta.url), 'utf8');
    const ids = [...spec.matchAll(/^\| ([A-Z]{1,2}[0-9]+) \|/gm)].map(([, id]) => id);
    const { json } = await must(service, 200, 'GET', '/v1/rules');
    expect((json.items as Rule[]).map(({ id }) => id)).toEqual(ids);
    for (const { id, text, section } of json.items as Rule[]) {
      expect(spec, id).toContain(`| ${id} | ${text.replaceAll('|', '\\|')} |`);
      expect(spec, id).toContain(`\n## ${section}\n`);
    }
  });

  it('can be read one by one, with what they mirror', async () => {
    expect((await must(service, 200, 'GET', '/v1/rules/GP2')).json).toEqual({
      id: 'GP2',
      section: 'Mappings, faults, pins',
      text: expect.stringContaining('FOLL_LONGTERM on a DAX file is EOPNOTSUPP'),
    });
    const sourceOf = async (id: string) => (await call(service, 'GET', `/v1/rules/${id}`)).json;
    expect(await sourceOf('ST5')).toMatchObject({ source: 'dax_break_layout; mapping_mapped' });
    expect(await sourceOf('SL7')).toMatchObject({ source: 'kernel/sched/wait_bit.c' });
    expect(await sourceOf('NM5')).toMatchObject({ source: 'RFC 9110 §13' });
  });

  it.each(['nope', 'gp2', '__proto__', 'constructor', '%7C', 'GP2%20'])(
    '%s is none of them',
    async (id) => {
      expect((await must(service, 404, 'GET', `/v1/rules/${id}`)).json).toMatchObject({
        type: '/v1/problems/no-such-thing',
        errno: 'ENOENT',
        rule: 'T1',
      });
    },
  );

  it('are read from a table only where a row begins with an id', () => {
    const rules = rulesOf('## One\n\n| A1 | a \\| b |\n| not | x |\n\n## Two\n\n| B2 | c |\n');
    expect([...rules.values()]).toEqual([
      { id: 'A1', section: 'One', text: 'a | b' },
      { id: 'B2', section: 'Two', text: 'c' },
    ]);
  });

  it('contain that of every problem type of the server', async () => {
    const { json } = await must(service, 200, 'GET', '/v1/rules');
    const ids = (json.items as Rule[]).map(({ id }) => id);
    for (const { cause } of Object.values(problemTable))
      if (cause !== undefined) expect(ids).toContain(cause.rule);
  });
});

describe('a problem links to its rule', () => {
  const longterm = { offset: 0, length: 4096, access: 'write', longterm: true };

  it.each([
    ['of the kernel', 'POST', `${fs}/mappings/map_1/pins`, { json: longterm }, 'GP2'],
    ['of the router', 'GET', '/v2', {}, 'H9'],
    ['of a schema', 'GET', `${fs}/files?pageSize=0`, {}, 'H2'],
    ['of something that is not there', 'GET', `${fs}/files/nope`, {}, 'NM1'],
  ] as const)('%s', async (_, method, url, options, rule) => {
    const answer = await call(service, method, url, options);
    expect(answer.json.rule).toBe(rule);
    expect(answer.headers.link).toBe(`</v1/rules/${rule}>; rel="describedby"`);
    await must(service, 200, 'GET', `/v1/rules/${rule}`);
  });

  it('and to what can be done, where the docs say it', async () => {
    const refused = await call(service, 'POST', `${fs}/mappings/map_1/pins`, { json: longterm });
    expect(refused.json.help).toBe('/docs/how-to/rdma-eopnotsupp');
    expect(existsSync(new URL(`../..${refused.json.help}.md`, import.meta.url))).toBe(true);
    expect((await call(service, 'GET', '/v2')).json).not.toHaveProperty('help');
    expect(howToOf('constructor')).toBeNull();
  });

  it('also when it is replayed to its Idempotency-Key', async () => {
    const ask = () =>
      call(service, 'POST', `${fs}/mappings/map_1/pins`, {
        json: longterm,
        headers: { 'idempotency-key': 'once' },
      });
    const [first, again] = [await ask(), await ask()];
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.headers.link).toBe(first.headers.link);
    expect(first.headers.link).toBe(linkToRule('GP2'));
  });

  it('and a page of a list still links to the next one', async () => {
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'b' } });
    const page = await must(service, 200, 'GET', `${fs}/files?pageSize=1`);
    expect(page.headers.link).toContain('rel="next"');
    expect(page.headers.link).not.toContain('describedby');
  });
});
