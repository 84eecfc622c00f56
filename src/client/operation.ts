// Waits for the end of an operation.
import type { Client } from 'openapi-fetch';
import { type OperationRecord, type Problem, RequestRefused } from './refused.ts';

// biome-ignore lint/plugin: for an import statement the linter infers 13,000 lines and gives up.
type Api = import('../../openapi/api.d.ts').paths;

export interface Waiting {
  /** Ends the wait with its reason, for example `AbortSignal.timeout(5000)`. The operation goes on. */
  signal?: AbortSignal;
}

/** Seconds that one request waits; the server may allow less. */
const waitSeconds = 30;

/** Resolves with the record of the operation when it is done, failed or cancelled. */
export async function done(
  rest: Client<Api>,
  { fs, id }: { fs: string; id: string },
  { signal }: Waiting = {},
): Promise<OperationRecord> {
  for (;;) {
    const { data, error, response } = await rest.GET(
      '/v1/filesystems/{fs}/operations/{operation}',
      {
        params: { path: { fs, operation: id } },
        headers: { prefer: `wait=${waitSeconds}` },
        ...(signal && { signal }),
      },
    );
    if (data !== undefined && data.state !== 'running' && data.state !== 'sleeping') return data;
    const busy = response.status === 429 || response.status === 503;
    if (data === undefined && !busy) throw refused(response, error);
    // A server that is busy, or allows no wait, must not be asked again at once.
    const applied = response.headers.get('preference-applied');
    if (busy || applied === 'wait=0')
      await pause(Number(response.headers.get('retry-after')) || 1, signal);
  }
}

function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, seconds * 1000);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

/** A problem, or the text of something between the client and the server. */
export const refused = ({ status }: Response, error: unknown): RequestRefused =>
  new RequestRefused(
    status,
    typeof error === 'object' && error !== null
      ? (error as Partial<Problem>)
      : { ...(typeof error === 'string' && error !== '' && { detail: error }) },
  );
