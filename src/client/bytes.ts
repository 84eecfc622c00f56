// Reads and writes bytes: of files, through mappings, through pins.
import type { Client } from 'openapi-fetch';
import { done, refused, type Waiting } from './operation.ts';
import { OperationFailed, type OperationRecord } from './refused.ts';

// biome-ignore lint/plugin: for an import statement the linter infers 13,000 lines and gives up.
type Api = import('../../openapi/api.d.ts').paths;
// biome-ignore lint/plugin: the same.
type Schemas = import('../../openapi/api.d.ts').components['schemas'];

/** In bytes. By default from the beginning to the end. */
export interface Range extends Waiting {
  offset?: number;
  length?: number;
}

/** In bytes. By default the beginning; for a file, that its whole content is replaced. */
export interface Place extends Waiting {
  offset?: number;
}

/**
 * Reads and writes of one kind of thing. Both resolve when the operation has ended, however long it
 * sleeps. They throw RequestRefused, or OperationFailed if it ended otherwise after it had slept.
 */
export interface Bytes<Written> {
  read(id: string, range?: Range): Promise<Uint8Array>;
  write(id: string, bytes: Uint8Array, place?: Place): Promise<Written>;
}

export interface AllBytes {
  /** By the name of the file. */
  readonly file: Bytes<Schemas['WriteResult']>;
  /** By the id of the mapping: loads and stores of the CPU. */
  readonly mapping: Bytes<Schemas['StoreResult']>;
  /** By the id of the pin: what its device reads and writes, whoever owns the frames by then. */
  readonly pin: Bytes<Schemas['DmaWriteResult']>;
}

/** What openapi-fetch resolves with. */
interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

export function bytesOf(rest: Client<Api>, fs: string): AllBytes {
  const over = <Written>(
    get: (id: string, init: ReturnType<typeof readInit>) => Promise<Answer>,
    put: (id: string, init: ReturnType<typeof writeInit>) => Promise<Answer>,
  ): Bytes<Written> => ({
    read: async (id, range = {}) => readOf(rest, { fs, range }, await get(id, readInit(range))),
    write: async (id, bytes, place = {}) => {
      const { data, error, response } = await put(id, writeInit(bytes, place));
      if (data === undefined) throw refused(response, error);
      if (response.status !== 202) return data as Written;
      return (await ended(rest, fs, data as OperationRecord, place)).result as Written;
    },
  });
  const file = '/v1/filesystems/{fs}/files/{file}/content';
  const mapping = '/v1/filesystems/{fs}/mappings/{mapping}/memory';
  const pin = '/v1/filesystems/{fs}/pins/{pin}/memory';
  return {
    file: over(
      (id, { query, ...init }) =>
        rest.GET(file, { params: { path: { fs, file: id }, query }, ...init }),
      (id, { query, ...init }) =>
        rest.PUT(file, { params: { path: { fs, file: id }, query }, ...init }),
    ),
    mapping: over(
      (id, { query, ...init }) =>
        rest.GET(mapping, { params: { path: { fs, mapping: id }, query }, ...init }),
      (id, { query, ...init }) =>
        rest.PUT(mapping, { params: { path: { fs, mapping: id }, query }, ...init }),
    ),
    pin: over(
      (id, { query, ...init }) =>
        rest.GET(pin, { params: { path: { fs, pin: id }, query }, ...init }),
      (id, { query, ...init }) =>
        rest.PUT(pin, { params: { path: { fs, pin: id }, query }, ...init }),
    ),
  };
}

async function readOf(
  rest: Client<Api>,
  { fs, range }: { fs: string; range: Range },
  { data, error, response }: Answer,
): Promise<Uint8Array> {
  if (data === undefined) throw refused(response, error);
  const bytes = new Uint8Array(data as ArrayBuffer);
  if (response.status !== 202) return bytes;
  // The operation slept: the answer is its record, and the bytes come from another URL.
  const accepted = JSON.parse(new TextDecoder().decode(bytes)) as OperationRecord;
  const { id } = await ended(rest, fs, accepted, range);
  const content = await rest.GET('/v1/filesystems/{fs}/operations/{operation}/content', {
    params: { path: { fs, operation: id } },
    parseAs: 'arrayBuffer',
    ...signalOf(range),
  });
  if (content.data === undefined) throw refused(content.response, content.error);
  return new Uint8Array(content.data);
}

/** The record of an accepted operation when it is done. */
async function ended(
  rest: Client<Api>,
  fs: string,
  { id }: OperationRecord,
  waiting: Waiting,
): Promise<OperationRecord> {
  const operation = await done(rest, { fs, id }, waiting);
  if (operation.state !== 'done') throw new OperationFailed(operation);
  return operation;
}

const signalOf = ({ signal }: Waiting) => (signal === undefined ? {} : { signal });

const queryOf = ({ offset, length }: Range) => ({
  ...(offset !== undefined && { offset }),
  ...(length !== undefined && { length }),
});

const readInit = (range: Range) => ({
  query: queryOf(range),
  parseAs: 'arrayBuffer' as const,
  ...signalOf(range),
});

/** OpenAPI says that a body of bytes is a string, so the bytes go around the types. */
const writeInit = (bytes: Uint8Array, place: Place) => ({
  query: queryOf(place),
  body: '',
  bodySerializer: () => bytes as Uint8Array<ArrayBuffer>,
  headers: { 'content-type': 'application/octet-stream' },
  ...signalOf(place),
});
