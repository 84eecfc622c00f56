// What a program that uses a Pinhole imports.
export { type RestOptions, restClient } from './rest.ts';
export {
  events,
  type PinholeEvent,
  StreamGap,
  type StreamOptions,
  StreamRefused,
} from './stream.ts';
