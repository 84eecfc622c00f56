export { WaitsPanel } from './waits.tsx';
