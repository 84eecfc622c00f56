// The rules of docs/spec.md, which the package carries as it is, so that the text exists once.
import { readFileSync } from 'node:fs';

export interface Rule {
  id: string;
  /** The heading of docs/spec.md that it stands under. */
  section: string;
  /** Markdown: identifiers stand in backticks. */
  text: string;
  /** The code of Linux or the standard that it mirrors, as far as the text names it. */
  source?: string;
}

const row = /^\| ([A-Z]{1,2}[0-9]+) \| (.*) \|$/;
/** A function or a file of Linux, an RFC or a draft, named in parentheses. */
const sources = /\(((?:[a-z0-9]+_[a-z0-9_]+|[a-z0-9_/]+\.c\b|RFC \d+|draft-[a-z0-9-]+)[^()]*)\)/g;

export function rulesOf(markdown: string): Map<string, Rule> {
  const rules = new Map<string, Rule>();
  let section = '';
  for (const line of markdown.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const [, id, cell] = row.exec(line) ?? [];
    if (id === undefined || cell === undefined) continue;
    const text = cell.replaceAll('\\|', '|');
    const named = [...text.matchAll(sources)].map(([, one]) => one);
    rules.set(id, {
      id,
      section,
      text,
      ...(named.length === 0 ? {} : { source: named.join('; ') }),
    });
  }
  return rules;
}

let rules: ReadonlyMap<string, Rule> | null = null;

/** Every rule, in the order of docs/spec.md, which is read at the first call. */
export function allRules(): ReadonlyMap<string, Rule> {
  // docs/ lies beside src/ and dist/ alike.
  rules ??= rulesOf(readFileSync(new URL('../../docs/spec.md', import.meta.url), 'utf8'));
  return rules;
}

/** The page of the docs that says what can be done, for rules that people meet in their work. */
const howTos: Record<string, string> = {
  GP2: 'rdma-eopnotsupp',
  RS1: 'stuck-truncate',
  SL2: 'stuck-truncate',
  SL5: 'stuck-truncate',
};

/** Its path on this server; null for a rule that has none. */
export function howToOf(rule: unknown): string | null {
  if (typeof rule !== 'string' || !Object.hasOwn(howTos, rule)) return null;
  return `/docs/how-to/${howTos[rule]}`;
}

/** The Link (RFC 8288) of a problem to the text of its rule. */
export const linkToRule = (rule: unknown): string | null =>
  typeof rule === 'string' ? `</v1/rules/${rule}>; rel="describedby"` : null;
