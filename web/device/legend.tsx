// What the signs of the map mean: only those that occur.
import type { ComponentChildren } from 'preact';
import { FileChip } from '../parts/file-chip.tsx';
import { Term } from '../parts/term.tsx';
import { fileId } from '../state/ids.ts';
import { linked } from '../state/selection.ts';
import { watched } from '../state/watched.ts';
import type { DeviceMap } from './segments.ts';

/** More files than these are named by "other files". */
const filesMax = 8;

export function Legend({ map }: { map: DeviceMap }) {
  const states = new Set<string>();
  const flags = new Set<string>();
  const files = new Set<number>();
  for (const { state, flags: of, ino } of map.segments) {
    states.add(state);
    for (const flag of of) flags.add(flag);
    if (ino !== null && files.size <= filesMax) files.add(ino);
  }
  const named = [...files].slice(0, filesMax);
  const nameOf = (ino: number) => watched.value?.picture?.files.get(ino)?.name ?? `inode ${ino}`;
  return (
    <ul class="row small legend">
      {named.map((ino) => (
        <li key={ino} {...linked(fileId(ino))}>
          <FileChip ino={ino} /> <bdi class="long-name">{nameOf(ino)}</bdi>
        </li>
      ))}
      {files.size > filesMax ? <li>and other files</li> : null}
      {states.has('used') && named.length === 0 ? <Sign of="used">used</Sign> : null}
      {states.has('free') ? <Sign of="free">free</Sign> : null}
      {states.has('metadata') ? <Sign of="metadata">metadata</Sign> : null}
      {flags.has('unwritten') ? (
        <Sign of="unwritten">
          <Term of="unwritten" />
        </Sign>
      ) : null}
      {states.has('busy') ? (
        <Sign of="busy">
          <Term of="busy extent">busy</Term>
        </Sign>
      ) : null}
      {states.has('detached') ? (
        <Sign of="detached">
          <Term of="detached" />
        </Sign>
      ) : null}
      {flags.has('delayed-free') ? (
        <Sign of="delayed">
          <Term of="delayed free" />
        </Sign>
      ) : null}
      {flags.has('stop-new-refs') ? (
        <Sign of="stopped">
          <Term of="no new references" />
        </Sign>
      ) : null}
      {flags.has('poisoned') ? (
        <Sign of="poisoned">
          <Term of="poisoned" />
        </Sign>
      ) : null}
      {map.pinned.length > 0 ? (
        <Sign of="pinned">
          <Term of="pin">pinned</Term>
        </Sign>
      ) : null}
      {map.waited.size > 0 ? <Sign of="waited">somebody waits for it</Sign> : null}
    </ul>
  );
}

function Sign({ of, children }: { of: string; children: ComponentChildren }) {
  return (
    <li>
      <span class={`sign sign-${of}`} aria-hidden="true" /> {children}
    </li>
  );
}
