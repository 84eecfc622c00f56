import { Lecture } from '../stories/lecture.tsx';

export function View() {
  return <Lecture />;
}
