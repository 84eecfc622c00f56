// The pages of the docs in the order in which the menu at the side shows them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';

type Item = DefaultTheme.SidebarItem;

const pages = join(import.meta.dirname, '../.docs-pages');

/** The heading of a page. */
function titleOf(page: string): string {
  const text = readFileSync(join(pages, `${page}.md`), 'utf8');
  return /^# (.*)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? page;
}

const item = (page: string, text = titleOf(page)): Item => ({
  text,
  link: `/${page.replace(/(^|\/)index$/, '$1')}`,
});

/** A link to a folder, with its pages below it on one of them: elsewhere they would only be weight. */
const folder = (name: string, text: string, open: string): Item => ({
  text,
  link: `/${name}/`,
  ...(open === name ? { collapsed: false, items: pagesIn(name) } : {}),
});

const pagesIn = (name: string): Item[] =>
  readdirSync(join(pages, name))
    .filter((file) => file.endsWith('.md') && file !== 'index.md')
    .sort()
    .map((file) => item(`${name}/${file.slice(0, -3)}`));

/** Not to be folded: its heading would be a button with another one inside. */
const group = (text: string, items: Item[]): Item => ({ text, items });

const withOpen = (open: string): Item[] => [
  group('Learn', [
    item('tour', 'The tour'),
    item('concepts', 'Concepts'),
    item('argument', 'The argument of 2017'),
    item('lab-meaning', 'The argument, measured'),
    folder('strategies', 'The strategies', open),
    folder('stories', 'The stories', open),
  ]),
  group('How to', [
    item('how-to/rdma-eopnotsupp', 'An RDMA registration fails'),
    item('how-to/stuck-truncate', 'A truncate is stuck'),
    item('how-to/choose-a-strategy', 'Choose a strategy'),
    item('how-to/bisect-a-race', 'Bisect a race'),
    item('how-to/lecture', 'A lecture in 45 minutes'),
    item('how-to/team', 'Run it for a team'),
    item('how-to/several-machines', 'Several machines'),
    item('rewind', 'Go back and take the other order'),
    item('scripts', 'Scripts and comparisons'),
  ]),
  group('Use', [
    item('page'),
    folder('command', 'The command', open),
    item('command-json', 'What -o json prints'),
    item('lab-command', 'The lab'),
    item('lab-statistics', 'The statistics of the lab'),
    item('lab', 'The presets of the lab'),
    item('interface', 'The interface'),
    item('python', 'A client for Python'),
    item('api', 'The API'),
  ]),
  group('Operate', [
    item('settings'),
    item('kept'),
    item('exit-codes'),
    item('runbook'),
    item('metrics'),
  ]),
  group('Look up', [
    item('spec'),
    item('problems'),
    item('events'),
    item('steps'),
    item('laws'),
    item('scenarios', 'The scenarios'),
    item('explored', 'Every order of steps'),
    item('fidelity', 'Compared with Linux'),
    item('oracle', 'A live kernel as the oracle'),
  ]),
  group('Inside', [
    item('architecture'),
    folder('adr', 'Decisions', open),
    item('simulator'),
    item('mutants'),
    item('tests'),
    item('contributing'),
    item('changelog'),
  ]),
];

const folders = ['strategies', 'stories', 'command', 'adr'];

export const sidebar: DefaultTheme.Sidebar = Object.fromEntries(
  ['', ...folders].map((name) => [name === '' ? '/' : `/${name}/`, withOpen(name)]),
);
