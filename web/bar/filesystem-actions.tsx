// What can be done with the open filesystem as a whole, and what it was made with.
import { useSignal } from '@preact/signals';
import { download } from '../api/download.ts';
import type { Filesystem } from '../api/schemas.ts';
import { body, readOnlyReason, rest } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { confirm } from '../parts/confirm.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { attempt, notify } from '../parts/notices.tsx';
import { sizeText } from '../parts/words.ts';
import { go, pathOf } from '../state/location.ts';
import { watched } from '../state/watched.ts';

export function FilesystemActions({ fs }: { fs: string }) {
  const open = useSignal(false);
  const filesystem = watched.value?.picture?.filesystem ?? null;
  const close = () => {
    open.value = false;
  };
  return (
    <>
      <Button
        label="More about this filesystem"
        onClick={() => {
          open.value = true;
        }}
      >
        ⋯
      </Button>
      {open.value && filesystem !== null ? (
        <Dialog title={fs} onClose={close}>
          <Facts of={filesystem} />
          <Fork fs={fs} onDone={close} />
          <Downloads fs={fs} />
          {filesystem.clock === 'manual' ? <Clock fs={fs} /> : null}
          <Drastic fs={fs} onDone={close} />
        </Dialog>
      ) : null}
    </>
  );
}

function Facts({ of }: { of: Filesystem }) {
  const facts: [string, string][] = [
    ['Device', `${sizeText(of.sizeBytes)}, ${of.kind} as on Linux ${of.kernel}`],
    ['Clock', of.clock],
    ['Scheduler', of.scheduler],
    ['Events', of.events],
    [
      'Waitqueues',
      `${of.waitqueue.buckets} buckets, ${of.waitqueue.keyed ? 'keyed' : 'not keyed'}`,
    ],
    ['Persistence domain', of.persistenceDomain],
  ];
  return (
    <table>
      <tbody>
        {facts.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Fork({ fs, onDone }: { fs: string; onDone: () => void }) {
  const name = useSignal(`${fs}-fork`);
  const fork = async () => {
    const made = await attempt(() =>
      body(
        rest.value.POST('/v1/filesystems', {
          body: { name: name.value, from: { filesystem: fs } },
        }),
      ),
    );
    if (made === null) return;
    onDone();
    go(pathOf('machine', name.value));
  };
  return (
    <div class="row">
      <label>
        Name of a fork
        <input
          value={name.value}
          onInput={({ currentTarget }) => {
            name.value = currentTarget.value;
          }}
        />
      </label>
      <Button changes onClick={() => fork()} title="A copy of this moment that goes its own way">
        Fork now
      </Button>
    </div>
  );
}

function Downloads({ fs }: { fs: string }) {
  const path = `/v1/filesystems/${encodeURIComponent(fs)}`;
  const files: [string, string, string][] = [
    ['Bundle', '/bundle', 'bundle'],
    ['Bundle without contents', '/bundle?contents=omit', 'bundle'],
    ['Script', '/script?format=golden', 'txt'],
    ['curl', '/script?format=curl', 'sh'],
    ['xfs_io', '/script?format=xfs_io', 'xfs_io.txt'],
    ['Perfetto', '/trace?format=perfetto', 'json'],
    ['ftrace', '/trace?format=ftrace', 'ftrace.txt'],
  ];
  return (
    <div class="column">
      <h3>Download the past</h3>
      <div class="row">
        {files.map(([text, query, suffix]) => (
          <Button
            key={text}
            onClick={() => attempt(() => download(`${path}${query}`, `${fs}.${suffix}`))}
          >
            {text}
          </Button>
        ))}
      </div>
    </div>
  );
}

function Clock({ fs }: { fs: string }) {
  const ms = useSignal('1000');
  const advance = () =>
    attempt(() =>
      body(
        rest.value.POST('/v1/filesystems/{fs}/clock/advance', {
          params: { path: { fs } },
          body: { ms: Number(ms.value) },
        }),
      ),
    );
  return (
    <div class="row">
      <label>
        Milliseconds
        <input
          type="number"
          min="0"
          value={ms.value}
          onInput={({ currentTarget }) => {
            ms.value = currentTarget.value;
          }}
        />
      </label>
      <Button changes onClick={() => advance()}>
        Advance the clock
      </Button>
    </div>
  );
}

/** What loses something: each asks first. */
function Drastic({ fs, onDone }: { fs: string; onDone: () => void }) {
  const path = { fs };
  const cutPower = async () => {
    const text = 'Stores that were not flushed may be lost. All mappings and pins end.';
    if (!(await confirm({ title: `Cut the power of ${fs}?`, text, yes: 'Cut the power' }))) return;
    const done = await attempt(() =>
      body(
        rest.value.POST('/v1/filesystems/{fs}/power-cycle', {
          params: { path },
          body: { drop: 'some', seed: 1 },
        }),
      ),
    );
    if (done !== null) notify('The power was cut, and the filesystem is mounted again.');
  };
  const unmount = async () => {
    const text = 'The filesystem, its files and its past are removed. Waiting operations fail.';
    if (!(await confirm({ title: `Unmount ${fs}?`, text, yes: 'Unmount and remove' }))) return;
    const done = await attempt(() =>
      body(rest.value.DELETE('/v1/filesystems/{fs}', { params: { path, query: { force: true } } })),
    );
    if (done === null) return;
    onDone();
    go(pathOf('home'));
  };
  const sync = async () => {
    const done = await attempt(() =>
      body(rest.value.POST('/v1/filesystems/{fs}/sync', { params: { path }, body: {} })),
    );
    if (done !== null) notify('All dirty cache lines were flushed.');
  };
  return (
    <div class="row" title={readOnlyReason.value ?? undefined}>
      <Button changes onClick={() => sync()}>
        Flush everything
      </Button>
      <Button changes look="danger" onClick={() => cutPower()}>
        Cut the power…
      </Button>
      <Button changes look="danger" onClick={() => unmount()}>
        Unmount…
      </Button>
    </div>
  );
}
