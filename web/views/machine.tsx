// The parts that belong together on one screen: what is where, who waits for whom, and when.
import { DevicePanel } from '../device/device-panel.tsx';
import { GraphPanel } from '../graph/graph-panel.tsx';
import { watched } from '../state/watched.ts';
import { TimelinePanel } from '../timeline/timeline-panel.tsx';
import { WaitsPanel } from '../waits/waits-panel.tsx';
import './machine.css';

export function View() {
  if (!watched.value?.picture) return <p class="soft">Reading the state…</p>;
  return (
    <div class="machine">
      <div class="machine-memory">
        <DevicePanel />
      </div>
      <div class="machine-waits column">
        <WaitsPanel />
        <GraphPanel />
      </div>
      <div class="machine-time">
        <TimelinePanel />
      </div>
    </div>
  );
}
