import { DeviceView } from '../device/device-panel.tsx';

export function View() {
  return <DeviceView />;
}
