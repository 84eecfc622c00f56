// Everything about one frame: state, both reference counts, pins, mappings, who waits, and history.
import type { PinPicture } from 'pinhole/client';
import type { ComponentChildren } from 'preact';
import type { Schemas } from '../api/schemas.ts';
import { body, rest } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { attempt } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { Term } from '../parts/term.tsx';
import { Thing } from '../parts/thing.tsx';
import { countText, durationText, plural } from '../parts/words.ts';
import { filesystemMs } from '../state/clock.ts';
import { fileId, pageId, pinsOf } from '../state/ids.ts';
import { useLive } from '../state/live.ts';
import { select } from '../state/selection.ts';
import { watched } from '../state/watched.ts';
import { FrameHistory } from './frame-history.tsx';
import { flagWords, stateWords } from './frame-words.ts';
import { type DeviceMap, segmentAt } from './segments.ts';

type Frame = Schemas['Pages']['items'][number];
type Bucket = Schemas['Waitqueues']['pages'][number];
const listMax = 20;

export function FrameDetail({ fs, pfn, map }: { fs: string; pfn: number; map: DeviceMap }) {
  const live = useLive(`frame ${fs} ${pfn}`, (signal) => read(fs, pfn, signal));
  const { data, problem } = live.value;
  const segment = segmentAt(map.segments, pfn);
  const ino = segment?.ino ?? null;
  const pgoff = segment?.pgoff == null ? null : segment.pgoff + (pfn - segment.pfn);
  return (
    <section class="column frame-detail" aria-label={`Page frame ${pfn}`}>
      <div class="row spread">
        <h2 class="mono">pfn {pfn}</h2>
        <Button label="Close" onClick={() => select(null)}>
          ✕
        </Button>
      </div>
      {problem === null ? null : <ProblemNote problem={problem} />}
      <dl class="facts">
        <Fact name="State">{stateWords[segment?.state ?? data?.frame?.state ?? 'free']}</Fact>
        {ino === null ? null : (
          <Fact name={pgoff === null ? 'Was in' : 'File'}>
            <Thing id={fileId(ino)} /> {pgoff === null ? null : `page ${pgoff}`}
          </Fact>
        )}
        {segment === null || segment.flags.length === 0 ? null : (
          <Fact name="Flags">{segment.flags.map((flag) => flagWords[flag]).join('; ')}</Fact>
        )}
        {data?.frame == null ? null : <Counts frame={data.frame} />}
      </dl>
      <Pins fs={fs} pfn={pfn} />
      <Mappings ino={ino} pgoff={pgoff} />
      {data === null ? null : <Waiters pfn={pfn} bucket={data.bucket} frame={data.frame} />}
      <h3>History</h3>
      <FrameHistory fs={fs} frame={{ pfn, ino, pgoff }} />
    </section>
  );
}

interface Read {
  frame: Frame | null;
  bucket: Bucket | null;
}

async function read(fs: string, pfn: number, signal: AbortSignal): Promise<Read> {
  const path = { fs };
  const [pages, queues] = await Promise.all([
    body(
      rest.value.GET('/v1/filesystems/{fs}/pages', {
        params: { path, query: { pfn, pageSize: 1 } },
        signal,
      }),
    ),
    body(rest.value.GET('/v1/filesystems/{fs}/waitqueues', { params: { path }, signal })),
  ]);
  const frame = pages.items[0] ?? null;
  return { frame, bucket: queues.pages.find(({ bucket }) => bucket === frame?.bucket) ?? null };
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Counts({ frame: { refcount, pins, mapcount, folio } }: { frame: Frame }) {
  return (
    <>
      <Fact name="Refcount">
        <span class="mono">{refcount.classic}</span> classic (to 6.14: 1 + pins, idle at 1)
        <br />
        <span class="mono">{refcount.modern}</span> modern (from 6.15: pins + mappings, idle at 0)
      </Fact>
      <Fact name="Of these">
        {plural(pins, 'pin')}, {plural(mapcount, 'mapping')}
      </Fact>
      {folio === null ? null : (
        <Fact name="Folio">
          {`pfn ${folio.pfn}, ${countText(folio.pages)} pages, ${plural(folio.pins, 'pin')}, ` +
            plural(folio.mapcount, 'mapping')}
        </Fact>
      )}
    </>
  );
}

function Pins({ fs, pfn }: { fs: string; pfn: number }) {
  const picture = watched.value?.picture;
  if (!picture) return null;
  const ids = pinsOf(picture, pfn);
  const unpin = (pin: string) =>
    attempt(() =>
      body(rest.value.DELETE('/v1/filesystems/{fs}/pins/{pin}', { params: { path: { fs, pin } } })),
    );
  return (
    <>
      <h3>
        <Term of="pin">Pins</Term>
      </h3>
      {ids.length === 0 ? <p class="soft small">No pin holds it.</p> : null}
      <ul class="column">
        {ids.slice(0, listMax).map((id) => (
          <li key={id} class="pin-item">
            <Thing id={id} />
            <Button changes label={`Unpin ${id}`} onClick={() => unpin(id)}>
              Unpin
            </Button>
            <span class="small">{pinText(picture.pins.get(id))}</span>
          </li>
        ))}
      </ul>
      <More of={ids.length} />
    </>
  );
}

function pinText(pin: PinPicture | undefined): string {
  if (pin === undefined) return '';
  const { kind, access, pages, sinceMs, collecting } = pin;
  const held = durationText(Math.max(0, filesystemMs.value - sinceMs));
  const still = collecting ? ', still collecting' : '';
  return `${kind}, ${access}, ${plural(pages, 'page')}, held ${held}${still}`;
}

const More = ({ of }: { of: number }) =>
  of > listMax ? <p class="soft small">{`${countText(of - listMax)} more`}</p> : null;

/** The mappings of the file that reach the page; how many map it, the reference count says. */
function Mappings({ ino, pgoff }: { ino: number | null; pgoff: number | null }) {
  const all = watched.value?.picture?.mappings.values() ?? [];
  const at = (pgoff ?? 0) * 4096;
  const found = [...all].filter(
    ({ ino: of, offset, length }) =>
      pgoff !== null && of === ino && offset <= at && at < offset + length,
  );
  if (found.length === 0) return null;
  return (
    <>
      <h3>
        <Term of="mapping">Mappings</Term> that reach it
      </h3>
      <div class="row">
        {found.slice(0, listMax).map(({ id }) => (
          <Thing key={id} id={id} />
        ))}
      </div>
      <More of={found.length} />
    </>
  );
}

function Waiters({ pfn, bucket, frame }: { pfn: number } & Read) {
  if (frame === null) return null;
  const waiters = bucket?.waiters ?? [];
  const others = waiters.filter((waiter) => waiter.pfn !== pfn).length;
  return (
    <>
      <h3>
        <Term of="waitqueue">Waitqueue</Term> bucket {frame.bucket}
      </h3>
      {waiters.length === 0 ? <p class="soft small">Nobody sleeps in it.</p> : null}
      <ul class="column">
        {waiters.slice(0, listMax).map(({ operation, pfn: of, exclusive }) => (
          <li key={operation} class="row small">
            <Thing id={operation} />
            {of === pfn ? (
              'waits for this page'
            ) : (
              <>
                waits for <Thing id={pageId(of)} />
              </>
            )}
            {exclusive ? ', exclusive' : ''}
          </li>
        ))}
      </ul>
      <More of={waiters.length} />
      {others > 0 ? (
        <p class="soft small">
          {`${plural(others, 'operation')} of the bucket ${others === 1 ? 'waits' : 'wait'} for ` +
            'another page. A wake-up walks over all of them.'}
        </p>
      ) : null}
    </>
  );
}
