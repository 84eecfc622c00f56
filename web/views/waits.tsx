import { Waits } from '../waits/waits.tsx';

export function View() {
  return <Waits />;
}
