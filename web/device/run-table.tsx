// The map as a table: for a screen reader, and for who wants the numbers.
import { useSignal } from '@preact/signals';
import { countText } from '../parts/words.ts';
import { pageId } from '../state/ids.ts';
import { linked, select } from '../state/selection.ts';
import { watched } from '../state/watched.ts';
import { flagWords, pinsAt } from './frame-words.ts';
import type { DeviceMap, Segment } from './segments.ts';

const rowsMax = 100;

export function RunTable({ map }: { map: DeviceMap }) {
  const open = useSignal(false);
  const rows = open.value ? map.segments.slice(0, rowsMax) : [];
  const more = map.segments.length - rowsMax;
  return (
    <details
      class="run-table"
      onToggle={({ currentTarget }) => {
        open.value = currentTarget.open;
      }}
    >
      <summary class="small">The frames as a table</summary>
      <table class="small">
        <thead>
          <tr>
            <th scope="col" class="number">
              First pfn
            </th>
            <th scope="col" class="number">
              Pages
            </th>
            <th scope="col">State</th>
            <th scope="col">File</th>
            <th scope="col" class="number">
              pgoff
            </th>
            <th scope="col" class="number">
              Pins of the first
            </th>
            <th scope="col">Flags</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((segment) => (
            <Row key={segment.pfn} {...{ map, segment }} />
          ))}
        </tbody>
      </table>
      {more > 0 ? <p class="small soft">{`${countText(more)} more runs`}</p> : null}
    </details>
  );
}

function Row({ map, segment }: { map: DeviceMap; segment: Segment }) {
  const { pfn, end, state, ino, pgoff, flags } = segment;
  const name = ino === null ? '' : (watched.value?.picture?.files.get(ino)?.name ?? `inode ${ino}`);
  return (
    <tr {...linked(pageId(pfn))}>
      <td class="number">
        <button type="button" class="plain-link mono" onClick={() => select(pageId(pfn))}>
          {pfn}
        </button>
      </td>
      <td class="number">{countText(end - pfn)}</td>
      <td>{state}</td>
      <td>
        <bdi class="long-name">{name}</bdi>
      </td>
      <td class="number">{pgoff}</td>
      <td class="number">{pinsAt(map.pinned, pfn) || ''}</td>
      <td>{flags.map((flag) => flagWords[flag]).join(', ')}</td>
    </tr>
  );
}
