// The filesystems of the tenant: a page of 50, with a filter and an order, both in the URL.
import { useSignal, useSignalEffect } from '@preact/signals';
import { body, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { confirm } from '../parts/confirm.tsx';
import { attempt } from '../parts/notices.tsx';
import { countText, durationText, plural, sizeText } from '../parts/words.ts';
import {
  filesystems,
  type Listed,
  oldestWaitMs,
  onScreen,
  type StoppedFilesystem,
} from '../state/filesystems.ts';
import { param, pathOf, setParams } from '../state/location.ts';
import { ForkDialog } from './fork-dialog.tsx';
import { SpaceBar } from './space-bar.tsx';
import { StoppedNote } from './stopped-note.tsx';

const pageRows = 50;

const orders: Record<string, { title: string; before: (a: Listed, b: Listed) => number }> = {
  created: { title: 'as created', before: () => 0 },
  name: { title: 'by name', before: (a, b) => a.name.localeCompare(b.name) },
  wait: {
    title: 'longest wait first',
    before: (a, b) => (oldestWaitMs(b) ?? -1) - (oldestWaitMs(a) ?? -1),
  },
  full: {
    title: 'fullest first',
    before: (a, b) => a.space.blocksFree / a.space.blocks - b.space.blocksFree / b.space.blocks,
  },
};

/** What the filter and the order in the URL leave, in its order. */
function matching(): Listed[] {
  const text = (param('q') ?? '').toLowerCase();
  const { before } = orders[param('order') ?? 'created'] ?? { before: () => 0 };
  const all = [...(filesystems.value?.all.values() ?? [])];
  const found = all.filter(
    ({ name, strategy, kind }) =>
      text === '' || `${name} ${strategy.name} ${kind}`.toLowerCase().includes(text),
  );
  return found.sort(before);
}

export function FilesystemTable() {
  const forked = useSignal<string | null>(null);
  const found = matching();
  const pages = Math.max(1, Math.ceil(found.length / pageRows));
  const page = Math.min(pages, Math.max(1, Number(param('page') ?? 1) || 1));
  const rows = found.slice((page - 1) * pageRows, page * pageRows);
  useSignalEffect(() => {
    const names = matching().slice((page - 1) * pageRows, page * pageRows);
    onScreen.value = new Set(names.map(({ name }) => name));
  });
  const stopped = [...(filesystems.value?.stopped.values() ?? [])];
  return (
    <section class="column" aria-label="The filesystems">
      <Tools found={found.length} />
      {stopped.map((fs) => (
        <StoppedNote key={fs.name} stopped={fs} onRemove={() => remove(fs.name)} />
      ))}
      <table class="filesystems">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Space</th>
            <th scope="col">Strategy</th>
            <th scope="col" class="number">
              Sleepers
            </th>
            <th scope="col" class="number">
              Oldest wait
            </th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((fs) => (
            <Row key={fs.name} fs={fs} onFork={() => (forked.value = fs.name)} />
          ))}
        </tbody>
      </table>
      <Pages page={page} pages={pages} />
      {forked.value === null ? null : (
        <ForkDialog fs={forked.value} onClose={() => (forked.value = null)} />
      )}
    </section>
  );
}

function Tools({ found }: { found: number }) {
  const all = filesystems.value?.all.size ?? 0;
  const filter = param('q') ?? '';
  return (
    <div class="row list-tools">
      <label>
        Filter
        <input
          type="search"
          id="filter"
          value={filter}
          placeholder="name, kind or strategy"
          onInput={({ currentTarget }) =>
            setParams({ q: currentTarget.value === '' ? null : currentTarget.value, page: null })
          }
        />
      </label>
      <label>
        Order
        <select
          value={param('order') ?? 'created'}
          onChange={({ currentTarget }) => setParams({ order: currentTarget.value, page: null })}
        >
          {Object.entries(orders).map(([name, { title }]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <span class="soft small" role="status">
        {filter === ''
          ? plural(all, 'filesystem')
          : `${countText(found)} of ${plural(all, 'filesystem')}`}
      </span>
    </div>
  );
}

function Row({ fs, onFork }: { fs: Listed; onFork: () => void }) {
  const { name, counts, waits } = fs;
  const waitMs = oldestWaitMs(fs);
  return (
    <tr>
      <td>
        <Link href={pathOf('machine', name)} class="mono">
          {name}
        </Link>{' '}
        {waits.deadlocked ? (
          <Link href={pathOf('graph', name)} class="deadlock-badge">
            deadlock
          </Link>
        ) : null}
        <div class="small soft">
          {sizeText(fs.sizeBytes)} {fs.kind} · Linux {fs.kernel}
          {fs.scheduler === 'stepped' ? ' · stepped' : ''}
        </div>
      </td>
      <td class="space-cell">
        <SpaceBar space={fs.space} />
      </td>
      <td class="small">{fs.strategy.name}</td>
      <td class="number" data-label="sleepers">
        {counts.sleepers === 0 ? (
          '0'
        ) : (
          <Link href={pathOf('waits', name)}>{countText(counts.sleepers)}</Link>
        )}
      </td>
      <td class="number" data-label="oldest wait">
        {waitMs === null ? '–' : durationText(waitMs)}
      </td>
      <td>
        <div class="row actions">
          <Button changes label={`Fork ${name}`} onClick={onFork}>
            Fork
          </Button>
          <Button changes look="danger" label={`Delete ${name}`} onClick={() => remove(name)}>
            Delete
          </Button>
        </div>
      </td>
    </tr>
  );
}

async function remove(fs: StoppedFilesystem['name']): Promise<void> {
  const agreed = await confirm({
    title: `Delete ${fs}?`,
    text: 'The filesystem, its files and its past are removed. Operations that wait fail.',
    yes: 'Delete',
  });
  if (!agreed) return;
  const params = { path: { fs }, query: { force: true } };
  await attempt(() => body(rest.value.DELETE('/v1/filesystems/{fs}', { params })));
}

function Pages({ page, pages }: { page: number; pages: number }) {
  if (pages === 1) return null;
  const go = (to: number) => setParams({ page: to === 1 ? null : String(to) });
  return (
    <nav class="row" aria-label="Pages of the list">
      <Button
        disabledBecause={page === 1 ? 'This is the first page.' : null}
        onClick={() => go(page - 1)}
      >
        Previous
      </Button>
      <span class="small">
        Page {page} of {pages}
      </span>
      <Button
        disabledBecause={page === pages ? 'This is the last page.' : null}
        onClick={() => go(page + 1)}
      >
        Next
      </Button>
    </nav>
  );
}
