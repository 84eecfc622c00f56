// A filesystem of a server, for the commands of xfs_io(8). A call that sleeps there is waited for:
// somebody else can release what blocks it.
import { requestOf } from '../../http/command-request.ts';
import { operations } from '../../kernel/ops/index.ts';
import type { Kind } from '../../kernel/state.ts';
import type { XfsIoMachine, XfsIoOutcome } from '../../script/xfs-io-machine.ts';
import { Refused } from './exit.ts';
import type { Schemas } from './schemas.ts';
import { ended, send } from './send.ts';
import { demand, type Session } from './session.ts';

export async function serverMachine(session: Session, fs: string): Promise<XfsIoMachine> {
  const { client } = session;
  const params = { path: { fs } };
  const { kind } = await demand(client.GET('/v1/filesystems/{fs}', { params }));
  return {
    // The document has it as any word, because a later server may have more kinds.
    kind: kind as Kind,
    async run(command, data) {
      try {
        return await outcomeOf(session, fs, command, data);
      } catch (error) {
        if (error instanceof Refused && error.problem?.errno !== undefined)
          return refusalOf(error.problem);
        throw error;
      }
    },
    async stat(file) {
      try {
        const path = { fs, file };
        const found = client.GET('/v1/filesystems/{fs}/files/{file}', { params: { path } });
        return await demand(found);
      } catch (error) {
        if (error instanceof Refused && error.problem?.errno === 'ENOENT') return null;
        throw error;
      }
    },
    async statfs() {
      return (await demand(client.GET('/v1/filesystems/{fs}', { params }))).space;
    },
  };
}

type Told = Pick<Schemas['Problem'], 'errno' | 'rule' | 'detail'>;

const refusalOf = ({ errno = '', rule = '', detail }: Told): XfsIoOutcome => ({
  ok: false,
  errno,
  rule,
  why: detail,
});

async function outcomeOf(
  session: Session,
  fs: string,
  command: Parameters<XfsIoMachine['run']>[0],
  data: Uint8Array | undefined,
): Promise<XfsIoOutcome> {
  const request = requestOf(command);
  const givesBytes = operations.get(command.op)?.gives === 'bytes';
  const asked = {
    ...request,
    path: `/v1/filesystems/${encodeURIComponent(fs)}${request.path}`,
    ...(data === undefined ? {} : { bytes: data }),
    headers: { prefer: 'wait=60' },
    parseAs: givesBytes ? ('arrayBuffer' as const) : ('json' as const),
  };
  const { data: answer, response } = await send(session, asked);
  const location = response.status === 202 ? response.headers.get('location') : null;
  if (location === null) return done(givesBytes ? bytesOf(answer) : answer);
  const path = new URL(location, response.url).pathname;
  const operation = await ended(session, path);
  if (operation.problem !== undefined) return refusalOf(operation.problem);
  if (!givesBytes) return done(operation.result);
  const read = {
    method: 'GET',
    path: `${path}/content`,
    query: {},
    parseAs: 'arrayBuffer' as const,
  };
  return done(bytesOf((await send(session, read)).data));
}

const done = (result: unknown): XfsIoOutcome => ({
  ok: true,
  result: result as Record<string, unknown>,
});

const bytesOf = (buffer: unknown) => ({ data: new Uint8Array(buffer as ArrayBuffer) });
