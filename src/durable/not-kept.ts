/** The moment is no longer kept. */
export class NotKept extends Error {
  /** The number of events before the oldest moment that is kept; null if none is. */
  readonly oldestEvents: number | null;

  constructor(oldestEvents: number | null) {
    super('this moment of the filesystem is no longer kept');
    this.oldestEvents = oldestEvents;
  }
}
