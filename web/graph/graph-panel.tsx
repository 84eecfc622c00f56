export { GraphPanel } from './graph.tsx';
