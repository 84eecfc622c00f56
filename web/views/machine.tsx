// The parts that belong together on one screen: what is where, who waits for whom, and when.
import { DevicePanel } from '../device/device-panel.tsx';
import { watched } from '../state/watched.ts';
import './machine.css';

export function View() {
  if (!watched.value?.picture) return <p class="soft">Reading the state…</p>;
  return (
    <div class="machine">
      <div class="machine-memory">
        <DevicePanel />
      </div>
    </div>
  );
}
