// A lab that runs when the server is killed begins again after the restart, and ends with the same
// bytes; one that is done is there with its result.
import { expect, it } from 'vitest';
import { call, freshFolder, must, type Server, start } from './process.ts';

const workload = `name: killed
filesystem: { sizeBytes: 4Mi, files: { a: 64Ki } }
durationMs: 20000
actors:
  nic:
    loop:
      - pin: { file: a, pages: 4, access: write }
      - hold: { exponential: 5 }
      - unpin
      - think: { exponential: 5 }
  puncher: { loop: [ { punch-hole: { file: a, pages: 4 } }, { think: 10 } ] }
`;
const wait = { prefer: 'wait=60' };

const ended = async (server: Server, id: string) => {
  for (;;) {
    const { json } = await call(server, 'GET', `/v1/labs/${id}`, undefined, wait);
    if (json.state !== 'queued' && json.state !== 'running') return json;
  }
};

it.each([['1'], ['2']])('with %s threads', { timeout: 600_000 }, async (threads) => {
  const folder = freshFolder();
  const options = { args: ['--lab-threads', threads] };
  const first = await start(folder, options);
  const asked = { workload, seeds: 4, strategies: ['busy-extents', 'none'] };
  const { json: done } = await must(first, 'POST', '/v1/labs', { ...asked, seeds: 1 });
  const before = await ended(first, done.id);
  expect(before.state).toBe('done');
  const { json: lab } = await must(first, 'POST', '/v1/labs', asked);
  await expect
    .poll(async () => (await call(first, 'GET', `/v1/labs/${lab.id}`)).json.progress.done, {
      timeout: 120_000,
      interval: 5,
    })
    .toBeGreaterThan(0);
  await first.kill();
  const second = await start(folder, options);
  expect(await ended(second, done.id)).toEqual(before);
  const after = await ended(second, lab.id);
  expect(after.state).toBe('done');
  expect(after.result.seeds).toEqual([1, 2, 3, 4]);
  // The same request gives the same bytes where nobody killed anything.
  const { json: again } = await must(second, 'POST', '/v1/labs', asked);
  const undisturbed = await ended(second, again.id);
  expect(JSON.stringify(after.result)).toBe(JSON.stringify(undisturbed.result));
  await second.kill();
});
