// The state that the examples in the help are about, and the answers of the server.
import type { serving } from './command.ts';

/** The id in the example of `token revoke`; a real one is random. */
export const tokenOfExample = '4f1c09aa2b7d3e58';

/**
 * Filesystem scratch: files a to d of 64K, map_1 of a with pin_1, map_2 of d with pin_2, and op_13,
 * which sleeps on pin_2; op_14 has ended. Filesystems manual and stepped: a manual clock, and a stepped scheduler.
 * Tenant guests with a token, whose id is returned. Context lab.
 */
export async function layOut(server: Awaited<ReturnType<typeof serving>>): Promise<string> {
  const { run, must } = server;
  const { json } = await must('fs ls -o json');
  for (const { name } of json.items) await must(`fs rm ${name} --force`);
  await must('fs create manual 1M --clock manual');
  await must('fs create stepped 1M --clock manual --scheduler stepped');
  await must('fs create scratch 1M');
  const lines = ['a', 'b', 'c', 'd'].flatMap((file) => [
    `file create ${file}`,
    `file write ${file} --byte 0x41 --size 64K`,
  ]);
  const rest = [
    'map a 0 64K read-write',
    'map d 0 64K read-write',
    'pin map_1 0 4K write --owner nic',
    'pin map_2 0 4K write --owner nic',
    'file punch-hole d 0 4K --owner T --async',
    'file truncate c 64K --async',
  ];
  for (const line of [...lines, ...rest]) await must([...line.split(' '), '--fs', 'scratch']);
  await must('file create s --fs stepped');
  await run('file truncate s 4K --fs stepped --owner T');
  const env = server.operator;
  for (const name of ['team', 'guests']) await run(`tenant rm ${name} --force`, { env });
  await must('tenant create guests', { env });
  await must('context add lab --url http://127.0.0.1:1');
  return (await must('token create guests -o json', { env })).json.id;
}

export interface Seen {
  method: string;
  path: string;
  status: number;
}

/** Runs `act` and notes each answer of a server that it gets with `fetch`. */
export async function noting(act: () => Promise<void>): Promise<Seen[]> {
  const { fetch } = globalThis;
  const seen: Seen[] = [];
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const response = await fetch(request);
    const { pathname } = new URL(request.url);
    seen.push({ method: request.method, path: pathname, status: response.status });
    return response;
  };
  try {
    await act();
  } finally {
    globalThis.fetch = fetch;
  }
  return seen;
}
