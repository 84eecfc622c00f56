// What Linux answered to random schedules is still what Pinhole says is possible. `npm run oracle
// -- --record test/fixtures/oracle` adds recordings; a guest is not needed here.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { played } from './play.ts';
import { Recorded } from './recording.ts';
import { scheduleOf } from './schedule.ts';

const folder = join(import.meta.dirname, '../fixtures/oracle');
const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));

describe('schedules that were played on Linux', () => {
  it.each(names)('%s', { timeout: 120_000 }, async (name) => {
    const recorded = new Recorded(join(folder, name));
    const { ending, steps } = await played(recorded, recorded.schedule);
    expect(ending).toEqual({ how: 'agrees' });
    expect(steps).toBeGreaterThan(0);
  });

  it('are of both filesystems and both kernels', () => {
    const boxes = names.map((name) => name.split('-').slice(0, 2).join(' '));
    expect([...new Set(boxes)].sort()).toEqual(['ext4 6.12', 'ext4 7.3', 'xfs 6.12', 'xfs 7.3']);
  });
});

it('a schedule depends on its seed alone', () => {
  const box = { kind: 'xfs', kernel: '7.3' } as const;
  expect(scheduleOf(7, box)).toEqual(scheduleOf(7, box));
  expect(scheduleOf(7, box).lines).not.toEqual(scheduleOf(8, box).lines);
});

it('an answer that Pinhole does not expect is a difference', async () => {
  const recorded = new Recorded(join(folder, names[0] as string));
  const files = { a: [1, 8] };
  let answers = 0;
  let lie: object | null = null;
  const liar = {
    async ask<T>(command: string): Promise<T> {
      if (lie !== null) return (command === 'contents' ? {} : lie) as T;
      const answer = await recorded.ask<T & object>(command);
      answers += 1;
      if (answers < 12 || !('free' in answer)) return answer;
      lie = { ...answer, files };
      return lie as T;
    },
  };
  const { ending } = await played(liar, recorded.schedule);
  expect(ending).toMatchObject({ how: 'differs', difference: { linux: { files } } });
});
