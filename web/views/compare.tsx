import { CompareView } from '../compare/compare-view.tsx';

export function View() {
  return <CompareView />;
}
