// The package `pinhole/client`.
export { type RestOptions, restClient } from './rest.ts';
export {
  events,
  type PinholeEvent,
  StreamGap,
  type StreamOptions,
  StreamRefused,
} from './stream.ts';
