import { LabView } from '../lab/lab-view.tsx';

export function View() {
  return <LabView />;
}
