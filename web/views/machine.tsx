// The parts that belong together on one screen: what is where, who waits for whom, and when.
import { useSignal } from '@preact/signals';
import type { Picture } from 'pinhole/client';
import { DevicePanel } from '../device/device-panel.tsx';
import { EventsPanel } from '../events/events-panel.tsx';
import { FilePanel } from '../file/file-panel.tsx';
import { late } from '../parts/late.tsx';
import { inoOf, kindOf } from '../state/ids.ts';
import { lit, selected } from '../state/selection.ts';
import { watched } from '../state/watched.ts';
import { WaitsPanel } from '../waits/waits-panel.tsx';
import './machine.css';

const GraphPanel = late(async () => (await import('../graph/graph-panel.tsx')).GraphPanel);
const TimelinePanel = late(
  async () => (await import('../timeline/timeline-panel.tsx')).TimelinePanel,
);

export function View() {
  const picture = watched.value?.picture;
  const shown = useSignal<number | null>(null);
  if (!picture) return <p class="soft">Reading the state…</p>;
  shown.value = fileToShow(picture, shown.peek());
  return (
    <div class="machine">
      <div class="machine-memory column">
        <DevicePanel />
        {shown.value === null ? null : <FilePanel ino={shown.value} />}
      </div>
      <div class="machine-waits column">
        <WaitsPanel />
        <GraphPanel />
      </div>
      <div class="machine-time">
        <TimelinePanel />
      </div>
      <div class="machine-events">
        <EventsPanel lines={1} />
      </div>
    </div>
  );
}

/** That of the selected thing; else the one that was shown, or one that somebody waits for. */
function fileToShow({ files, operations }: Picture, shown: number | null): number | null {
  const related = selected.value === null ? [] : [...lit.value];
  const ofSelected = related.find((id) => kindOf(id) === 'file');
  if (ofSelected !== undefined && files.has(inoOf(ofSelected))) return inoOf(ofSelected);
  if (shown !== null && files.has(shown)) return shown;
  for (const { sleepingOn } of operations.values())
    if (sleepingOn?.ino != null && files.has(sleepingOn.ino)) return sleepingOn.ino;
  return files.keys().next().value ?? null;
}
