// Each citation of a story, rule, law, step or decision in the text leads to its definition, and
// the row that defines it gets its id as an anchor. test/references.test.ts proves that every
// citation has a definition.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

const docs = join(import.meta.dirname, '../../docs');
const idsIn = (file: string, row: RegExp): Set<string> =>
  new Set([...readFileSync(join(docs, file), 'utf8').matchAll(row)].map(([, id]) => id ?? ''));

const rules = idsIn('spec.md', /^\| ([A-Z]{1,2}\d+) \|/gm);
const laws = idsIn('laws.md', /^\| ([A-Z]?\d+) \|/gm);
const promises = idsIn('laws.md', /^\| ([A-Z]{2}\d+) \|/gm);
const steps = idsIn('steps.md', /^\| ([A-Z]\d+) \|/gm);
const decisions = new Map(
  readdirSync(join(docs, 'adr')).map((name) => [Number.parseInt(name, 10), name]),
);

/** The pages whose rows define something, with the id of the anchor of a row. */
const defining: Record<string, (cell: string) => string | null> = {
  'spec.md': (cell) => (rules.has(cell) ? cell : null),
  'laws.md': (cell) => (laws.has(cell) ? `law-${cell}` : promises.has(cell) ? cell : null),
  'steps.md': (cell) => (steps.has(cell) ? `step-${cell}` : null),
};

type Tokens = ReturnType<MarkdownRenderer['parse']>;
type Token = Tokens[number];
type TokenOf = new (type: string, tag: string, nesting: -1 | 0 | 1) => Token;

const cited =
  /\b(law|step)s?\s+[A-Z]?\d+\b(?:(?:,| and| to| or)+ [A-Z]?\d+\b)*|\bADR \d+\b|\bS\d\d\b|\b[A-Z]{1,2}\d{1,2}\b/gi;

/** The page and anchor that define it; null if it is no citation. */
function placeOf(id: string): string | null {
  if (/^S\d\d$/.test(id)) return `/stories/${id}`;
  if (rules.has(id) && !laws.has(id)) return `/spec#${id}`;
  if (promises.has(id)) return `/laws#${id}`;
  if (!id.startsWith('ADR ')) return null;
  const name = decisions.get(Number(id.slice(4)));
  return name === undefined ? null : `/adr/${name.replace(/\.md$/, '')}`;
}

/** The text in pieces, each with the page that it leads to, or null. */
function piecesOf(text: string): { text: string; href: string | null }[] {
  const pieces: { text: string; href: string | null }[] = [];
  let end = 0;
  const add = (from: number, to: number, href: string | null): void => {
    if (href === null || from < end) return;
    if (from > end) pieces.push({ text: text.slice(end, from), href: null });
    pieces.push({ text: text.slice(from, to), href });
    end = to;
  };
  for (const { 0: match, 1: kind, index } of text.matchAll(cited)) {
    if (kind === undefined) {
      add(index, index + match.length, placeOf(match));
      continue;
    }
    const list = kind.toLowerCase() === 'law' ? laws : steps;
    const page = kind.toLowerCase() === 'law' ? '/laws#law-' : '/steps#step-';
    for (const { 0: id, index: at } of match.matchAll(/\b[A-Z]?\d+\b/g))
      if (list.has(id)) add(index + at, index + at + id.length, page + id);
  }
  if (end < text.length) pieces.push({ text: text.slice(end), href: null });
  return pieces;
}

function linked(children: Token[], Make: TokenOf, self: string): Token[] {
  let depth = 0;
  return children.flatMap((token) => {
    if (token.type === 'link_open') depth += 1;
    if (token.type === 'link_close') depth -= 1;
    if (token.type !== 'text' || depth > 0) return [token];
    return piecesOf(token.content).flatMap(({ text, href }) => {
      const content = new Make('text', '', 0);
      content.content = text;
      if (href === null || href === self) return [content];
      const open = new Make('link_open', 'a', 1);
      open.attrSet('href', href);
      return [open, content, new Make('link_close', 'a', -1)];
    });
  });
}

/** The first cell of a row that defines something. */
function anchor(row: Token[], define: (cell: string) => string | null, Make: TokenOf): boolean {
  const [cell, inline] = row;
  if (cell?.type !== 'td_open' || inline?.type !== 'inline') return false;
  const id = define(inline.content);
  if (id === null) return false;
  cell.attrSet('id', id);
  const open = new Make('link_open', 'a', 1);
  open.attrSet('href', `#${id}`);
  open.attrSet('class', 'defines');
  inline.children = [open, ...(inline.children ?? []), new Make('link_close', 'a', -1)];
  return true;
}

export function citations(md: MarkdownRenderer): void {
  md.core.ruler.push('citations', (state) => {
    const path = String((state.env as { relativePath?: string }).relativePath ?? '');
    const define = defining[path] ?? (() => null);
    const self = `/${path.replace(/\.md$/, '')}`;
    state.tokens.forEach((token, index) => {
      if (token.type === 'tr_open')
        anchor(state.tokens.slice(index + 1, index + 3), define, state.Token as TokenOf);
      // A head without words is no head to a screen reader.
      if (token.type === 'th_open' && state.tokens[index + 1]?.content === '')
        for (const part of [token, state.tokens[index + 2]])
          if (part !== undefined) part.tag = 'td';
      if (token.type !== 'inline' || state.tokens[index - 1]?.type === 'heading_open') return;
      token.children = linked(token.children ?? [], state.Token as TokenOf, self);
    });
  });
}
