import { readFileSync } from 'node:fs';
import type { Call } from '../../src/kernel/interleave.ts';
import { stories } from '../../src/stories/index.ts';
import { everyColumn, page as pageBytes, type Story } from '../../src/stories/story.ts';
import { columnTold, toldOf, verdictsTold } from '../../src/stories/told.ts';
import { movesTable } from './moves.ts';
import { code, page, plain, table } from './text.ts';

const scenarios = readFileSync(new URL('../../docs/scenarios.md', import.meta.url), 'utf8');

/** What docs/scenarios.md says about a story, without its heading. */
function scenarioOf(id: string): string {
  const [, text = ''] =
    new RegExp(`^### ${id} .*?\\n(.*?)(?=^##|(?![\\s\\S]))`, 'ms').exec(scenarios) ?? [];
  return text.trim();
}

/** Bytes that are whole pages, as pages. */
const argumentOf = (name: string, value: unknown): string =>
  /^(offset|length|sizeBytes)$/.test(name) && typeof value === 'number' && value % pageBytes === 0
    ? `${value / pageBytes}p`
    : JSON.stringify(value);

function callText({ op, on = {}, args = {}, data }: Call): string {
  const [target] = Object.entries(on).map(([kind, id]) =>
    kind === 'file' ? String(id) : `${kind === 'mapping' ? 'map' : kind}_${id}`,
  );
  const given = Object.entries(args).map(([name, value]) => `${name}=${argumentOf(name, value)}`);
  const bytes = data === undefined ? [] : [`${data.length / pageBytes}p of bytes`];
  return code([op, ...(target === undefined ? [] : [target]), ...given, ...bytes].join(' '));
}

function callsOf({ setup, threads }: Story): string {
  const rows = [
    ...setup.map((call) => ['before', call.owner ?? '', callText(call)]),
    ...threads.flatMap(({ owner, calls, loops }) =>
      calls.map((call) => [loops ? 'again and again' : '', owner ?? '', callText(call)]),
    ),
  ];
  return table(['', 'who', 'call'], rows);
}

const verdictsOf = (id: string): string =>
  table(
    ['strategy', 'what can happen'],
    everyColumn.map((column) => [column, verdictsTold(id, column).join(', ')]),
  );

function storyPage(story: Story): string {
  const { id, title, text, questions } = story;
  const column = columnTold(id);
  const told = toldOf(id, column);
  const moves = movesTable(story, column, told);
  return page(
    `# ${id} ${plain(title)}`,
    plain(text),
    `<a href="/ui/stories/${id}" target="_self">Play it on the page</a>, or make a filesystem that stands at its beginning:`,
    `\`\`\`sh\n# Not run by the tests: the name is yours to choose.\ncurl -s http://127.0.0.1:8080/v1/filesystems --json '{"name": "mine", "story": "${id}", "strategy": "${column}"}'\n\`\`\``,
    '## Questions',
    questions.map((question) => `- ${plain(question)}`).join('\n'),
    '## The calls',
    `A page of 4 KiB is \`1p\`. The calls of different owners can be taken in any order.`,
    callsOf(story),
    '## What can happen',
    `In all orders of the steps; [explored.md](../explored.md) says what the words mean.`,
    verdictsOf(id),
    '## What each strategy does',
    scenarioOf(id).replace(/\]\((?![a-z]+:|#|\/)/g, '](../'),
    ...(moves === null
      ? []
      : [
          `## One way, step by step`,
          `Under ${column} one of the shortest ways to the end "${told}". [The steps](../steps.md) says what each step does.`,
          moves,
        ]),
  );
}

const index = (): string =>
  page(
    '# The stories',
    'Each story is a small race between a change of the layout and a pin. The explorer has played every order of its steps under each strategy; ' +
      'the last column names the strategies under which something worse than a wait can happen.',
    table(
      ['', 'story', 'can go wrong under'],
      [...stories.values()].map(({ id, title }) => [
        `[${id}](./${id}.md)`,
        plain(title),
        everyColumn
          .filter((column) => verdictsTold(id, column).some((verdict) => verdict !== 'completes'))
          .map(
            (column) =>
              `${column}: ${verdictsTold(id, column)
                .filter((one) => one !== 'completes')
                .join(', ')}`,
          )
          .join('; '),
      ]),
    ),
    '[The scenarios](../scenarios.md) has all of them on one page. [A lecture in 45 minutes](../how-to/lecture.md) plays three of them.',
  );

export const storyPages = (): [string, string][] => [
  ['stories/index.md', index()],
  ...[...stories.values()].map((story): [string, string] => [
    `stories/${story.id}.md`,
    storyPage(story),
  ]),
];
