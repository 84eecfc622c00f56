// The package `pinhole/client`.
export {
  applyEvent,
  blocksUsed,
  type FilePicture,
  type MappingPicture,
  type OperationPicture,
  type Picture,
  type PinPicture,
  pictureOf,
  type SleepPicture,
  type State,
} from './picture.ts';
export { type RestOptions, restClient } from './rest.ts';
export {
  events,
  type PinholeEvent,
  StreamGap,
  type StreamOptions,
  StreamRefused,
} from './stream.ts';
export { readPicture, SnapshotRefused, type WatchOptions, watch } from './watch.ts';
