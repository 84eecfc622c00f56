import { Graph } from '../graph/graph.tsx';

export function View() {
  return <Graph />;
}
