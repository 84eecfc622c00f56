import { DevicePanel } from '../device/device-panel.tsx';

export function View() {
  return <DevicePanel />;
}
