// One object for one server, so that its address and the token are said once. It waits for the end of
// operations, reads and writes bytes, and watches; everything else is `rest`.
import type { Client } from 'openapi-fetch';
import { type AllBytes, bytesOf } from './bytes.ts';
import { done, type Waiting } from './operation.ts';
import type { OperationRecord } from './refused.ts';
import { type RestOptions, restClient } from './rest.ts';
import type { Events, PinholeEvent, StreamOptions } from './stream.ts';
import type { Watch, Watched, WatchOptions } from './watch.ts';

// biome-ignore lint/plugin: for an import statement the linter infers 13,000 lines and gives up.
type Api = import('../../openapi/api.d.ts').paths;

type StreamingOptions = Omit<StreamOptions, 'url' | 'token'>;

export interface FilesystemClient extends AllBytes {
  readonly operation: {
    /**
     * Resolves with the record of an operation when it is done, failed or cancelled. It survives a
     * busy server (429, 503), but throws RequestRefused if there is no such operation (any more).
     */
    done(id: string, waiting?: Waiting): Promise<OperationRecord>;
  };
  /**
   * Lists, then watches: yields the picture of the filesystem, and again after each event, without a
   * hole in between. After a gap it lists again.
   */
  watch(options?: Omit<WatchOptions, 'baseUrl' | 'token' | 'filesystem'>): ReturnType<Watch>;
  /** Its events, each once and in order. By default those from now on. */
  events(options?: StreamingOptions): AsyncGenerator<PinholeEvent, void, void>;
}

export interface Pinhole {
  /** Every request of the API, with its types. */
  readonly rest: Client<Api>;
  filesystem(name: string): FilesystemClient;
  /** The events of all filesystems of the tenant. By default those from now on. */
  events(options?: StreamingOptions): AsyncGenerator<PinholeEvent, void, void>;
}

/**
 * A server.
 *
 *     const scratch = pinhole({ baseUrl: 'http://127.0.0.1:8080' }).filesystem('scratch');
 *     const bytes = await scratch.file.read('a', { offset: 4096, length: 512 });
 *     const { state } = await scratch.operation.done('op_18');
 *     for await (const { picture, event } of scratch.watch()) console.log(picture.pins.size, event);
 */
export type PinholeAt = (options: RestOptions) => Pinhole;

export const pinholeOver =
  (events: Events, watch: Watch): PinholeAt =>
  (options) => {
    const rest = restClient(options);
    const { baseUrl, token } = options;
    const known = token === undefined ? {} : { token };
    const url = (path: string) => `${baseUrl}/v1/${path}`;
    return {
      rest,
      events: (streaming) => events({ ...streaming, ...known, url: url('events') }),
      filesystem: (filesystem) => ({
        operation: { done: (id, waiting) => done(rest, { fs: filesystem, id }, waiting) },
        ...bytesOf(rest, filesystem),
        watch: (watching): AsyncGenerator<Watched, void, void> =>
          watch({ ...watching, ...known, baseUrl, filesystem }),
        events: (streaming) =>
          events({
            ...streaming,
            ...known,
            url: url(`filesystems/${encodeURIComponent(filesystem)}/events`),
          }),
      }),
    };
  };
