import { FileView } from '../file/file-view.tsx';

export function View() {
  return <FileView />;
}
