// A filesystem of a server, for the commands of xfs_io(8). A call that sleeps there is waited for:
// somebody else can release what blocks it.
import { requestOf } from '../../http/command-request.ts';
import { operations } from '../../kernel/ops/index.ts';
import type { Kind } from '../../kernel/state.ts';
import type { XfsIoMachine, XfsIoOutcome } from '../../script/xfs-io-machine.ts';
import { Refused } from './exit.ts';
import { ask } from './request.ts';
import type { Schemas } from './schemas.ts';
import { demand, type Session } from './session.ts';
import { whenEnded } from './waiting.ts';

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
  const { method, path, query, json: body } = requestOf(command);
  const givesBytes = operations.get(command.op)?.gives === 'bytes';
  const { data: answer, response } = await ask(session, {
    method,
    url: `/v1/filesystems/${encodeURIComponent(fs)}${path}`,
    path: {},
    query,
    body,
    ...(data === undefined ? {} : { bytes: data }),
    headers: { prefer: 'wait=60' },
    givesBytes,
  });
  if (response.status !== 202) return done(givesBytes ? { data: answer } : answer);
  const { id } = answer as Schemas['Operation'];
  const operation = await whenEnded(session, { fs, id }, Number.POSITIVE_INFINITY);
  if (operation.problem !== undefined) return refusalOf(operation.problem);
  if (!givesBytes) return done(operation.result);
  const read = await ask(session, {
    method: 'GET',
    url: '/v1/filesystems/:fs/operations/:operation/content',
    path: { fs, operation: id },
    givesBytes,
  });
  return done({ data: read.data });
}

const done = (result: unknown): XfsIoOutcome => ({
  ok: true,
  result: result as Record<string, unknown>,
});
