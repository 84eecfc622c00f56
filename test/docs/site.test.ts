// The built docs: each link leads to a page, a file or an anchor that is there, nothing comes from
// another origin, and nothing needs more than the content security policy of src/http/docs.ts allows.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { describe, expect, test } from 'vitest';
import { problemTypes } from '../../src/http/problem-table.ts';
import { eventTable } from '../../src/kernel/events.ts';
import { families } from '../../src/metrics/index.ts';
import { stories } from '../../src/stories/index.ts';
import { docsOfTerm } from '../../web/parts/glossary.ts';
import { root } from '../tour.ts';

const folder = join(root, 'dist/docs');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
const pages = files.filter((name) => name.endsWith('.html') && name !== '404.html');

interface Page {
  ids: Set<string>;
  /** Where it leads, and what it loads. */
  links: string[];
  loads: string[];
  inline: string[];
  text: string;
}

type Element = DefaultTreeAdapterTypes.Element;
type Child = DefaultTreeAdapterTypes.ChildNode;

function readElement(page: Page, { tagName, attrs, childNodes }: Element): void {
  const values = new Map(attrs.map(({ name, value }) => [name, value]));
  const src = values.get('src');
  const href = values.get('href');
  const id = values.get('id');
  if (id !== undefined) page.ids.add(id);
  if (tagName === 'a' && href !== undefined) page.links.push(href);
  if (tagName === 'link' && href !== undefined) page.loads.push(href);
  if (src !== undefined) page.loads.push(src);
  if (tagName === 'style' || (tagName === 'script' && src === undefined))
    page.inline.push(`<${tagName}>`);
  for (const name of values.keys())
    if (name === 'style' || name.startsWith('on')) page.inline.push(`${tagName} ${name}`);
  readAll(page, childNodes);
}

function readAll(page: Page, nodes: readonly Child[]): void {
  for (const node of nodes) {
    if ('tagName' in node) readElement(page, node);
    else if (node.nodeName === '#text' && 'value' in node) page.text += node.value;
  }
}

function read(name: string): Page {
  const page: Page = { ids: new Set(), links: [], loads: [], inline: [], text: '' };
  readAll(page, parse(readFileSync(join(folder, name), 'utf8')).childNodes as Child[]);
  return page;
}

const all = new Map(pages.map((name) => [name, read(name)]));

/** The file that /docs/… serves, as src/http/docs.ts finds it; undefined if there is none. */
function fileOf(path: string): string | undefined {
  const found = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  return [found, `${found}.html`, `${found}/index.html`].find(
    (file) => existsSync(join(folder, file)) && statSync(join(folder, file)).isFile(),
  );
}

/** Null if the link leads somewhere that is there. */
function broken(from: string, link: string): string | null {
  const base = `http://host/docs/${from.replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, '')}`;
  const url = new URL(link, base);
  if (url.origin !== 'http://host' || !url.pathname.startsWith('/docs/')) return null;
  const file = fileOf(decodeURIComponent(url.pathname.slice('/docs/'.length)));
  if (file === undefined) return link;
  const id = decodeURIComponent(url.hash.slice(1));
  const page = all.get(file);
  return id === '' || page === undefined || page.ids.has(id) ? null : link;
}

test('there are pages for everything', () => {
  expect(pages.length).toBeGreaterThan(90);
  for (const id of stories.keys()) expect(pages).toContain(`stories/${id}.html`);
});

describe.each([...all])('%s', (name, page) => {
  test('leads nowhere that is not there', () => {
    const links = [...page.links, ...page.loads];
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => broken(name, link) !== null)).toEqual([]);
  });

  test('loads nothing from another origin, and has no inline script or style', () => {
    expect(page.loads.filter((link) => /^(?:[a-z]+:)?\/\//.test(link))).toEqual([]);
    expect(page.inline).toEqual([]);
  });
});

test('no stylesheet of the docs loads anything from another origin', () => {
  const styles = files.filter((name) => name.endsWith('.css'));
  expect(styles.length).toBeGreaterThan(1);
  for (const name of styles) {
    const text = readFileSync(join(folder, name), 'utf8');
    expect(text.match(/(?:url\(|@import )["']?(?:https?:)?\/\/[^)]*/g), name).toBeNull();
  }
});

test('the page links to what is there', () => {
  const links = [...Object.values(docsOfTerm), 'runbook#journal-stopped'];
  expect(links.filter((link) => broken('index.html', `/docs/${link}`) !== null)).toEqual([]);
});

test('a broken link, and a broken anchor, is found', () => {
  expect(broken('tour.html', './nowhere')).toBe('./nowhere');
  expect(broken('stories/S01.html', '../spec#ZZ1')).toBe('../spec#ZZ1');
  expect(broken('stories/S01.html', '../spec#ST4')).toBeNull();
  expect(broken('index.html', '/ui/')).toBeNull();
});

describe('the generated pages have everything', () => {
  const text = (name: string): string => all.get(name)?.text ?? '';

  test('events, problems and metrics', () => {
    for (const type of Object.keys(eventTable)) expect(text('events.html')).toContain(type);
    for (const type of problemTypes) expect(text('problems.html')).toContain(type);
    for (const { rows } of families)
      for (const { name } of rows) expect(text('metrics.html')).toContain(name);
  });

  test('each story its text and what can happen', () => {
    for (const { id, title, questions } of stories.values()) {
      const page = text(`stories/${id}.html`);
      for (const part of [title, ...questions]) expect(page).toContain(part);
      expect(page).toContain('wait-for-refs');
    }
  });

  test.each([
    'break-layouts',
    'busy-extents',
    'wait-for-refs',
    'detach-and-wait',
    'refuse',
    'none',
  ])('%s its steps', (name) => {
    expect(text(`strategies/${name}.html`)).toMatch(/S03, one step after another.*lockMapping/s);
  });
});
