import { ProblemNote } from '../parts/problem-note.tsx';
import { kindOf, pfnOf } from '../state/ids.ts';
import { openFilesystem } from '../state/location.ts';
import { selected } from '../state/selection.ts';
import { DeviceCanvas } from './device-canvas.tsx';
import { type DeviceReading, useDeviceMap } from './device-map.ts';
import { FrameDetail } from './frame-detail.tsx';
import { Legend } from './legend.tsx';
import { RunTable } from './run-table.tsx';
import './device.css';

/** The map of the device with its legend. Selecting a frame lights up what belongs to it. */
export function DevicePanel() {
  return <MapPanel reading={useDeviceMap(openFilesystem.value ?? '')} />;
}

/** The map, and beside it everything about the selected frame. */
export function DeviceView() {
  const fs = openFilesystem.value ?? '';
  const reading = useDeviceMap(fs);
  const map = reading.map.value;
  const id = selected.value;
  const pfn = id !== null && kindOf(id) === 'page' ? pfnOf(id) : null;
  return (
    <div class="device-view">
      <MapPanel reading={reading} />
      {map === null || pfn === null || !(pfn < map.pages) ? null : (
        <FrameDetail key={pfn} {...{ fs, pfn, map }} />
      )}
    </div>
  );
}

function MapPanel({ reading }: { reading: DeviceReading }) {
  const map = reading.map.value;
  const problem = reading.problem.value;
  return (
    <section class="panel device">
      <DeviceCanvas reading={reading}>
        {problem === null ? null : <ProblemNote problem={problem} />}
        {map === null ? null : <Legend map={map} />}
      </DeviceCanvas>
      {map === null ? null : <Unread {...map} />}
      {map === null ? null : <RunTable map={map} />}
    </section>
  );
}

/** What the map leaves out. */
function Unread(map: { first: number; end: number; pages: number; ownersOmitted: boolean }) {
  const { first, end, pages, ownersOmitted } = map;
  return (
    <>
      {first > 0 || end < pages ? (
        <p class="small soft">
          {`The map shows frames ${first} to ${end - 1}: the device is too fragmented to read all ` +
            'of it. Zoom in and scroll to read another part.'}
        </p>
      ) : null}
      {ownersOmitted ? (
        <p class="small soft">There are too many extents to say which file has which frame.</p>
      ) : null}
    </>
  );
}
