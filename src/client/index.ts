// The package `pinhole/client` on Node.
import { connectNode } from './node-socket.ts';
import { pinholeOver } from './pinhole.ts';
import { eventsOver } from './stream.ts';
import { watchOver } from './watch.ts';

export type { Bytes, Place, Range } from './bytes.ts';
export type { Waiting } from './operation.ts';
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
export type { FilesystemClient, Pinhole } from './pinhole.ts';
export { OperationFailed, type OperationRecord, type Problem, RequestRefused } from './refused.ts';
export { type RestOptions, restClient } from './rest.ts';
export {
  type PinholeEvent,
  StreamGap,
  type StreamOptions,
  StreamRefused,
} from './stream.ts';
export { readPicture, SnapshotRefused, type Watched, type WatchOptions } from './watch.ts';

export const events = eventsOver(connectNode);
export const watch = watchOver(events);
export const pinhole = pinholeOver(events, watch);
