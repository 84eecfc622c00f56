import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { capabilities, readOnlyReason } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { BundleDialog } from '../home/bundle-dialog.tsx';
import { FilesystemTable } from '../home/filesystem-table.tsx';
import '../home/home.css';
import { NewFilesystemDialog } from '../home/new-filesystem.tsx';
import { QuotaMeters } from '../home/quota-meters.tsx';
import { StoryCards } from '../home/story-cards.tsx';
import { StuckLine } from '../home/stuck-line.tsx';
import { Button } from '../parts/button.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { durationText } from '../parts/words.ts';
import { wallMs } from '../state/clock.ts';
import { filesystems, followFilesystems, listConnection } from '../state/filesystems.ts';
import { useKeys } from '../state/keys.ts';
import { pathOf } from '../state/location.ts';

type Open = { what: 'new' } | { what: 'bundle'; file: File | null } | null;

export function View() {
  useSignalEffect(followFilesystems);
  const open = useSignal<Open>(null);
  const dropping = useDroppedFile((file) => {
    open.value = { what: 'bundle', file };
  });
  const close = () => {
    open.value = null;
  };
  useKeys([
    { key: 'n', does: 'New filesystem', run: () => (open.value = { what: 'new' }) },
    { key: '/', does: 'Filter', run: () => document.getElementById('filter')?.focus() },
  ]);
  const { state } = listConnection.value;
  const noTenant = capabilities.value !== null && capabilities.value.tenant === null;
  return (
    <div
      class={`column home ${dropping.value ? 'dropping' : ''} ${state === 'lost' ? 'stale' : ''}`}
    >
      <div class="home-head">
        <h1>Filesystems</h1>
        <LiveList />
        {noTenant ? null : (
          <div class="row">
            <Button
              changes
              look="primary"
              shortcut="N"
              onClick={() => (open.value = { what: 'new' })}
            >
              New filesystem…
            </Button>
            <Button changes onClick={() => (open.value = { what: 'bundle', file: null })}>
              From a bundle…
            </Button>
          </div>
        )}
      </div>
      {noTenant ? <NoTenant /> : <Content />}
      {open.value?.what === 'new' ? <NewFilesystemDialog onClose={close} /> : null}
      {open.value?.what === 'bundle' ? (
        <BundleDialog dropped={open.value.file} onClose={close} />
      ) : null}
    </div>
  );
}

/** A file that is dropped anywhere on the page; true while one is held over it. */
function useDroppedFile(onFile: (file: File) => void): Signal<boolean> {
  const held = useSignal(false);
  useEffect(() => {
    const abort = new AbortController();
    const hear = (name: 'dragover' | 'dragleave' | 'drop', then: (event: DragEvent) => void) =>
      window.addEventListener(
        name,
        (event) => {
          event.preventDefault();
          held.value = name === 'dragover';
          then(event);
        },
        abort,
      );
    hear('dragover', () => {});
    hear('dragleave', () => {});
    hear('drop', ({ dataTransfer }) => {
      const file = dataTransfer?.files[0];
      if (file !== undefined) onFile(file);
    });
    return () => abort.abort();
  }, []);
  return held;
}

function LiveList() {
  const now = listConnection.value;
  if (now.state === 'live') return <span class="live grow">● live</span>;
  if (now.state !== 'lost') return <span class="grow" />;
  return (
    <span class="lost grow" role="status">
      {`○ no server for ${durationText(Math.max(0, wallMs.value - now.sinceMs))}, reconnecting`}
    </span>
  );
}

function Content() {
  const now = filesystems.value;
  const { value: connection } = listConnection;
  if (connection.state === 'refused') return <ProblemNote problem={connection.problem} />;
  if (now === null) return <p class="soft">Reading the list…</p>;
  const isEmpty = now.all.size + now.stopped.size === 0;
  const stories = <StoryCards empty={isEmpty} />;
  return (
    <>
      {isEmpty ? (
        <p class="note">
          There is no filesystem yet. Begin a story below
          {readOnlyReason.value === null ? ', or make a new one' : ''}.
        </p>
      ) : (
        <>
          <StuckLine />
          <FilesystemTable />
        </>
      )}
      {stories}
      <QuotaMeters />
    </>
  );
}

/** The operator token sees the server, and no filesystem of anybody. */
function NoTenant() {
  return (
    <p class="note">
      You are signed in as the operator, who has no filesystems. Tenants, their quotas and tokens
      are on the page <Link href={pathOf('server')}>Server</Link>. To look into the filesystems of a
      tenant, issue a token for it there.
    </p>
  );
}
