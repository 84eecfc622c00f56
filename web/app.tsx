// The frame around every view: the bar at the top, the menu, what is wrong, and the view.
import { useSignal, useSignalEffect } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import './app.css';
import { DeadlockBanner } from './bar/deadlock-banner.tsx';
import { FilesystemBar } from './bar/filesystem-bar.tsx';
import { KeyList } from './bar/key-list.tsx';
import { Link } from './bar/link.tsx';
import { SignIn, Who } from './bar/sign-in.tsx';
import { Said } from './bar/waiting.tsx';
import { Confirm } from './parts/confirm.tsx';
import { NotLoaded } from './parts/not-loaded.tsx';
import { Notices } from './parts/notices.tsx';
import { ProblemNote } from './parts/problem-note.tsx';
import { useKeys } from './state/keys.ts';
import { go, openFilesystem, pathOf, place } from './state/location.ts';
import { connection, watched } from './state/watched.ts';
import { viewNamed, views } from './views/index.ts';
import type { ViewName } from './views/names.ts';

export function App() {
  const { view } = place.value;
  const fs = openFilesystem.value;
  const listed = useSignal(false);
  useKeys([
    ...keysOfViews(fs),
    { key: '?', does: 'Show the keys', run: () => (listed.value = true) },
    { key: '+', does: 'Larger type', run: () => document.documentElement.classList.add('larger') },
    {
      key: '-',
      does: 'Normal type',
      run: () => document.documentElement.classList.remove('larger'),
    },
  ]);
  return (
    <>
      <a class="skip" href="#view">
        Skip to the view
      </a>
      <header class="bar">
        <nav class="row" aria-label="Pinhole">
          <Link class="brand" href={pathOf('home')}>
            Pinhole
          </Link>
          <Link href={pathOf('stories')}>Stories</Link>
          <Link href={pathOf('labs')}>Lab</Link>
          <Link href={pathOf('server')}>Server</Link>
          <a href="/docs/">Docs</a>
        </nav>
        {fs === null ? null : <FilesystemBar fs={fs} />}
        <div class="row bar-end">
          <Who />
          <button type="button" class="button" onClick={() => (listed.value = true)}>
            <kbd>?</kbd> keys
          </button>
        </div>
      </header>
      {fs === null || view === 'story' ? null : <Menu fs={fs} now={view} />}
      <DeadlockBanner />
      <Said />
      <main
        id="view"
        class={connection.value.state === 'lost' && fs !== null ? 'view stale' : 'view'}
      >
        {fs === null ? null : (
          <h1 class="unseen">
            {viewNamed(view).title} of {fs}
          </h1>
        )}
        <Refused />
        {isUnreadable() ? null : <Loaded view={view} />}
      </main>
      {listed.value ? <KeyList onClose={() => (listed.value = false)} /> : null}
      <SignIn />
      <Confirm />
      <Notices />
    </>
  );
}

const keysOfViews = (fs: string | null) =>
  views.flatMap(([name, { title, key, ofFilesystem }]) =>
    key === undefined || (ofFilesystem && fs === null)
      ? []
      : [{ key, does: `Open ${title}`, run: () => go(pathOf(name, ofFilesystem ? fs : null)) }],
  );

function Menu({ fs, now }: { fs: string; now: ViewName }) {
  return (
    <nav class="menu" aria-label="Views">
      {views.map(([name, { title, key, ofFilesystem }]) =>
        ofFilesystem ? (
          <Link key={name} href={pathOf(name, fs)} current={name === now}>
            {title} {key === undefined ? null : <kbd>{key.toUpperCase()}</kbd>}
          </Link>
        ) : null,
      )}
    </nav>
  );
}

/** Whether the filesystem of the view was never read: then there is nothing to show of it. */
const isUnreadable = (): boolean =>
  place.value.fs !== null && connection.value.state === 'refused' && !watched.value?.picture;

/** Why the open filesystem cannot be shown. */
function Refused() {
  const now = connection.value;
  if (openFilesystem.value === null) return null;
  if (now.state === 'refused')
    return (
      <>
        <ProblemNote problem={now.problem} />
        {isUnreadable() ? <Link href={pathOf('home')}>All filesystems</Link> : null}
      </>
    );
  if (now.state === 'unmounted')
    return <p class="note">This filesystem was unmounted. What you see is its last state.</p>;
  return null;
}

/** The view by its name, once its code is there. */
function Loaded({ view }: { view: ViewName }) {
  const loaded = useSignal<{ view: ViewName; View: FunctionComponent } | null>(null);
  const failed = useSignal(false);
  useSignalEffect(() => {
    const wanted = place.value.view;
    document.title = [openFilesystem.value ?? place.value.lab, viewNamed(wanted).title, 'Pinhole']
      .filter(Boolean)
      .join(' · ');
    if (loaded.peek()?.view === wanted) return;
    viewNamed(wanted)
      .load()
      .then(
        ({ View }) => {
          failed.value = false;
          if (place.peek().view === wanted) loaded.value = { view: wanted, View };
        },
        () => {
          failed.value = true;
        },
      );
  });
  if (failed.value) return <NotLoaded />;
  if (loaded.value === null || loaded.value.view !== view) return <p class="soft">Loading…</p>;
  const { View } = loaded.value;
  // A lecture goes on when Back and Next lead to another filesystem.
  const about = openFilesystem.value ?? place.value.lab;
  return <View key={view === 'story' ? view : `${view} ${about}`} />;
}
