export { TimelinePanel } from './timeline.tsx';
