// Writes every page of the docs into a folder: those of docs/ with their links made for the site,
// and those that are generated from the code.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { generated } from './generated/index.ts';

const root = join(import.meta.dirname, '..');
const target = process.argv[2] ?? join(import.meta.dirname, '../.docs-pages');

const markdownOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name));

/** Each file of the repository that is a page, and the page. */
const pageOf = new Map<string, string>([
  ['README.md', 'index.md'],
  ['CONTRIBUTING.md', 'contributing.md'],
  ['CHANGELOG.md', 'changelog.md'],
  ['clients/python/README.md', 'python.md'],
  ...markdownOf('docs').map((file): [string, string] => [
    file,
    file.slice('docs/'.length).replace(/(^|\/)README\.md$/, '$1index.md'),
  ]),
]);
pageOf.delete('README.md');
/** Generated. */
pageOf.set('docs/adr/', 'adr/index.md');

const link = /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)/g;

/** A link to a file that is no page becomes its text, because the site does not have that file. */
function linksOf(text: string, file: string, page: string): string {
  return text.replace(link, (whole, image: string, label: string, to: string) => {
    if (/^[a-z]+:|^#|^\//.test(to)) return whole;
    const [path = '', fragment] = to.split('#');
    const linked = posix.join(posix.dirname(file), path);
    const found = pageOf.get(linked) ?? pageOf.get(posix.join(linked, 'README.md'));
    const asset = linked.startsWith('docs/') && /\.(png|svg)$/.test(linked);
    if (found === undefined && !asset) return label.includes('`') ? label : `\`${label}\``;
    const relative = posix.relative(posix.dirname(page), found ?? linked.slice('docs/'.length));
    const href = relative.startsWith('.') ? relative : `./${relative}`;
    return `${image}[${label}](${href}${fragment === undefined ? '' : `#${fragment}`})`;
  });
}

/** Outside of code. */
function outsideOfFences(text: string, change: (part: string) => string): string {
  return text
    .split(/^(```.*?^```)$/ms)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('');
}

function write(page: string, text: string): void {
  mkdirSync(dirname(join(target, page)), { recursive: true });
  writeFileSync(join(target, page), text);
}

rmSync(target, { recursive: true, force: true });
for (const [file, page] of pageOf) {
  if (file.endsWith('/')) continue;
  const text = readFileSync(join(root, file), 'utf8');
  const body = outsideOfFences(text, (part) => linksOf(part, file, page));
  // Without sections there is nothing to list beside the page, and a wide table needs the room.
  write(page, /^## /m.test(text) ? body : `---\naside: false\n---\n\n${body}`);
}
for (const [page, text] of await generated()) {
  const before = existsSync(join(target, page)) ? readFileSync(join(target, page), 'utf8') : '';
  write(page, before + text);
}
cpSync(join(root, 'docs/pictures'), join(target, 'pictures'), { recursive: true });
mkdirSync(join(target, 'public'), { recursive: true });
cpSync(join(root, 'web/public/icon.svg'), join(target, 'public/icon.svg'));
