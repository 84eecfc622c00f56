import { Timeline } from '../timeline/timeline.tsx';

export function View() {
  return <Timeline />;
}
