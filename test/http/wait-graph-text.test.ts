// The wait graph as DOT and as Mermaid.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dotOf } from '../../src/http/graph/dot.ts';
import type { WaitGraph } from '../../src/http/graph/graph.ts';
import { mermaidOf } from '../../src/http/graph/mermaid.ts';
import { call, fs, must, type Service, start } from './start.ts';

const page = 4096;
const dot = 'text/vnd.graphviz';
const mermaid = 'text/vnd.mermaid';

let service: Service;
/** S01: a punch hole waits for the pin of an owner whose next pin waits for its lock. */
beforeAll(async () => {
  service = await start();
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: {
      name: 'scratch',
      sizeBytes: 1_048_576,
      strategy: { name: 'wait-for-refs' },
      clock: 'manual',
    },
  });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
  await must(service, 200, 'PUT', `${fs}/files/a/content`, { bytes: Buffer.alloc(2 * page) });
  const mapping = { offset: 0, length: 2 * page, access: 'read-write' };
  await must(service, 201, 'POST', `${fs}/files/a/mappings`, { json: mapping });
  const pin = (offset: number, owner: string) => ({
    json: { offset, length: page, access: 'write', owner },
    headers: { prefer: 'respond-async' },
  });
  await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
    ...pin(0, 'nic'),
    headers: {},
  });
  await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, {
    json: { offset: 0, length: page },
    headers: { prefer: 'respond-async' },
  });
  await must(service, 202, 'POST', `${fs}/mappings/map_1/pins`, pin(page, 'nic'));
});
afterAll(() => service.close());

const graphAs = (accept: string, query = '') =>
  call(service, 'GET', `${fs}/wait-graph${query}`, { headers: { accept } });

describe('the form of the wait graph', () => {
  it.each([
    ['application/json', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['image/png', 'application/json; charset=utf-8'],
    [dot, `${dot}; charset=utf-8`],
    [mermaid, `${mermaid}; charset=utf-8`],
    [`${dot};q=0.5, ${mermaid}`, `${mermaid}; charset=utf-8`],
    [`application/json;q=0.1, ${dot}`, `${dot}; charset=utf-8`],
  ])('for Accept: %s is %s', async (accept, type) => {
    const { status, headers } = await graphAs(accept);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(type);
    expect(headers.vary).toBe('Accept');
  });

  it('follows format= before Accept, and refuses another', async () => {
    for (const [format, accept, type] of [
      ['dot', 'application/json', dot],
      ['mermaid', dot, mermaid],
      ['json', dot, 'application/json'],
    ] as const) {
      const { headers } = await graphAs(accept, `?format=${format}`);
      expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
    }
    const refused = await graphAs(dot, '?format=svg');
    expect(refused.json).toMatchObject({ status: 400, rule: 'H2' });
    expect(refused.json.detail).toContain('mermaid');
    const other = await call(service, 'GET', `${fs}/pins?format=dot`);
    expect(other.json.type).toBe('/v1/problems/unknown-field');
  });
});

describe('a deadlock', () => {
  it('is a graph of Graphviz with its cycle in red', async () => {
    const { text } = await graphAs(dot);
    const { json } = await graphAs('application/json');
    expect(text.split('\n')).toEqual([
      `// cursor ${json.cursor}`,
      'digraph waits {',
      '  rankdir=LR;',
      expect.stringMatching(
        /^ {2}"op_\d+" \[label="op_\d+ punch-hole\\nfile a, S", shape=ellipse, color=red/,
      ),
      ...Array(json.nodes.length + json.edges.length - 1).fill(expect.stringMatching(/^ {2}".*;$/)),
      '}',
      '',
    ]);
    const { nodes } = json.cycles[0];
    for (let i = 1; i < nodes.length; i += 1)
      expect(text).toMatch(new RegExp(`"${nodes[i - 1]}" -> "${nodes[i]}" \\[.*color=red`));
    expect(text).toContain('"page:2" -> "pin_1" [label="is pinned by nic"];');
  });

  it('is a flowchart of Mermaid with its cycle in red', async () => {
    const { text } = await graphAs(mermaid);
    const { json } = await graphAs('application/json');
    const lines = text.split('\n');
    expect(lines.slice(0, 2)).toEqual([`%% cursor ${json.cursor}`, 'flowchart LR']);
    expect(text).toMatch(/n0\(\["op_\d+ punch-hole<br\/>file a, S"\]\)/);
    const marked = json.cycles[0].nodes.length - 1;
    const style = /linkStyle ([\d,]+) stroke:#c00/.exec(text)?.[1] ?? '';
    expect(style.split(',')).toHaveLength(marked);
    for (const index of style.split(',')) {
      const edge = json.edges[Number(index)];
      expect(json.cycles[0].nodes).toContain(edge.from);
      expect(json.cycles[0].nodes).toContain(edge.to);
    }
  });

  it('and a graph without one has no red', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'empty', sizeBytes: 1_048_576 },
    });
    const empty = '/v1/filesystems/empty/wait-graph';
    const asDot = await must(service, 200, 'GET', `${empty}?format=dot`);
    expect(asDot.text).toMatch(/^\/\/ cursor \S+\ndigraph waits \{\n {2}rankdir=LR;\n\}\n$/);
    const asMermaid = await must(service, 200, 'GET', `${empty}?format=mermaid`);
    expect(asMermaid.text).toMatch(/^%% cursor \S+\nflowchart LR\n$/);
  });
});

describe('names that a client chose', () => {
  const hostile = [
    '"',
    '\\',
    '\\"',
    'a\\',
    '\\N\\G',
    '&quot;',
    '&#34;];b',
    '<img src=x onerror=alert(1)>',
    '"] --> x["',
    '`**md**`',
    '#quot;',
    '%%{init: {"theme":"x"}}%%',
    'a\nb',
    '\u0000\u001b',
    '\u202e',
    'end',
    '雪',
    '\ud800',
  ];
  const graphOf = (owner: string): WaitGraph => ({
    nodes: [
      { id: 'op_1', kind: 'operation', label: 'truncate', owner, state: 'S', file: 'a' },
      { id: 'page:2', kind: 'page', label: 'pfn 2' },
      { id: 'x', kind: 'of another release', label: owner },
    ],
    edges: [{ from: 'op_1', to: 'page:2', because: `is pinned by ${owner}` }],
    cycles: [],
    omitted: 3,
  });

  it.each(hostile)('stay inside their quotes in DOT: %j', (owner) => {
    const text = dotOf(graphOf(owner), 'c.1');
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(9);
    const quoted = '"(?:[^"\\\\]|\\\\.)*"';
    const label = `\\[label=${quoted}(, shape=(ellipse|box))?\\];`;
    expect(lines[3]).toBe('  label="3 more sleeping operations are not shown.";');
    for (const line of lines.slice(4, 7))
      expect(line).toMatch(new RegExp(`^ {2}${quoted} ${label}$`, 'u'));
    expect(lines[7]).toMatch(new RegExp(`^ {2}${quoted} -> ${quoted} ${label}$`, 'u'));
    // A line break of the label is the only escape besides those of the quote and the backslash.
    for (const [pair] of text.matchAll(/\\[\s\S]/g)) expect(['\\n', '\\"', '\\\\']).toContain(pair);
    expect(text).not.toMatch(/&(?!amp;)/);
    expect(text).not.toMatch(/[^\P{C}\n]/u);
  });

  it.each(hostile)('stay inside their quotes in Mermaid: %j', (owner) => {
    const lines = mermaidOf(graphOf(owner), 'c.1').trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    const label = '"(?:[\\p{L}\\p{N} _.,:=+-]|#\\d+;|<br/>)*"';
    expect(lines[2]).toMatch(new RegExp(`^ {2}n0\\(\\[${label}\\]\\)$`, 'u'));
    for (const line of lines.slice(3, 5))
      expect(line).toMatch(new RegExp(`^ {2}n\\d\\[${label}\\]$`, 'u'));
    expect(lines[5]).toMatch(new RegExp(`^ {2}n0 -->\\|${label}\\| n1$`, 'u'));
  });
});
