// A request whose path is known only when it is made, such as that of a command in a script. Other
// requests go through the typed client.
import type { CommandRequest } from '../../http/command-request.ts';
import type { Schemas } from './schemas.ts';
import { type Answered, demand, type Session } from './session.ts';

export interface Asked extends CommandRequest {
  bytes?: Uint8Array;
  headers?: Readonly<Record<string, string>>;
  /** Without it: by the content type, JSON or text. */
  parseAs?: 'json' | 'text' | 'arrayBuffer' | 'stream';
}

type Request = (method: string, path: string, init: object) => Promise<Answered<unknown>>;

/** Rejects with Refused. `path` begins with /v1. */
export async function send<T>(
  { client }: Session,
  { method, path, query, json, bytes, headers = {}, parseAs }: Asked,
): Promise<{ data: T; response: Response }> {
  const request = client.request as unknown as Request;
  const type = bytes === undefined ? {} : { 'content-type': 'application/octet-stream' };
  const body = bytes ?? json;
  const answered = request(method.toLowerCase(), path, {
    params: { query },
    headers: { ...type, ...headers },
    ...(body === undefined ? {} : { body }),
    ...(bytes === undefined ? {} : { bodySerializer: () => bytes }),
    ...(parseAs === undefined ? {} : { parseAs }),
  });
  const data = (await demand(answered)) as T;
  return { data, response: (await answered).response };
}

type OperationRecord = Schemas['Operation'];

/** Waits for the end of an operation, however long it takes. */
export async function ended(session: Session, path: string): Promise<OperationRecord> {
  for (;;) {
    const { data } = await send<OperationRecord>(session, {
      method: 'GET',
      path,
      query: {},
      headers: { prefer: 'wait=60' },
    });
    if (data.state !== 'running' && data.state !== 'sleeping') return data;
  }
}
