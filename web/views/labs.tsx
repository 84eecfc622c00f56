import { LabsView } from '../lab/labs-view.tsx';

export function View() {
  return <LabsView />;
}
