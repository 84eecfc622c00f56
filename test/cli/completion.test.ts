// What the shells ask for at a TAB. That they ask is in test/system/completion.test.ts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pinhole, serving } from './command.ts';
import { layOut } from './machine.ts';

let server: Awaited<ReturnType<typeof serving>>;
beforeAll(async () => {
  server = await serving();
  await layOut(server);
});
afterAll(() => server.close());

async function candidates(line: string, env: Record<string, string> = {}): Promise<string[]> {
  const words = ['complete', 'bash', '--', ...line.split(' ')];
  const { code, stdout, stderr } = await server.run(words, { env });
  expect([code, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter((one) => one !== '');
}

it.each([
  ['', ['serve', 'fs', 'file', 'pin', 'completion']],
  ['f', ['fs', 'file', 'fault', 'flush']],
  ['fs ', ['create', 'ls', 'show', 'fork', 'rm']],
  ['fs sh', ['show']],
  ['fs show ', ['manual', 'scratch', 'stepped']],
  ['fs show sc', ['scratch']],
  ['fs create x 1M --ki', ['--kind']],
  ['fs create x 1M --kind ', ['xfs', 'ext4', 'ext2', 'btrfs']],
  ['fs create x 1M --kind=ext', ['--kind=ext4', '--kind=ext2']],
  ['fs create x 1M --kind = ext', ['ext4', 'ext2']],
  ['file show --fs scratch ', ['a', 'b', 'c', 'd']],
  ['map --fs scratch a 0 64K ', ['read', 'read-write']],
  ['unmap --fs scratch ', ['map_1', 'map_2']],
  ['unpin --fs=scratch pin', ['pin_1', 'pin_2']],
  ['wait --fs scratch op_1', ['op_13', 'op_14']],
  ['step --fs stepped k', ['kworker']],
  ['context use ', ['lab']],
  ['--po', ['--port']],
  ['completion z', ['zsh']],
  ['fs create ', []],
  ['nonsense ', []],
])('completes "pinhole %s"', async (line, expected) => {
  const found = await candidates(line);
  if (expected.length === 0) expect(found).toEqual([]);
  else expect(found).toEqual(expect.arrayContaining(expected));
  const last = line.split(' ').at(-1) ?? '';
  expect(found.every((one) => one.startsWith(last))).toBe(true);
});

it('takes the filesystem from the environment', async () => {
  expect(await candidates('file rm ', { PINHOLE_FS: 'stepped' })).toEqual(['s']);
});

it('describes candidates to zsh and fish, and hides itself', async () => {
  const zsh = await server.must(['complete', 'zsh', '--', 'fs', 'show', 'sc']);
  expect(zsh.stdout).toBe('scratch:xfs\n');
  const fish = await server.must(['complete', 'fish', '--', 'unpin', '--fs', 'scratch', 'pin_1']);
  expect(fish.stdout).toBe('pin_1\tdirect-io on a of nic\n');
  expect((await pinhole('--help')).stdout).not.toMatch(/^ {2}complete /m);
});

it('says nothing when no server answers, and nothing to those who may not ask', async () => {
  const words = ['complete', 'bash', '--', 'fs', 'show', ''];
  expect(await pinhole([...words, '--url', 'x'])).toMatchObject({ code: 0, stdout: '' });
  const none = await server.run(words, { env: { PINHOLE_URL: 'http://127.0.0.1:1' } });
  expect(none).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await candidates('tenant show ')).toEqual([]);
  expect(await candidates('tenant show ', server.operator)).toContain('guests');
});
