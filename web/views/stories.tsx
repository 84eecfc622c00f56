import { StoryList } from '../stories/story-list.tsx';

export function View() {
  return <StoryList />;
}
