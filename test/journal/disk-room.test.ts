// The reserve of disk space that is released when the disk is full.
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Reserve } from '../../src/journal/disk-room.ts';
import { freshFolder } from './kept.ts';

let folder: string;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const reserve = (bytes: number) => new Reserve(folder, 'reserve', bytes);
const size = () => statSync(join(folder, 'reserve')).size;

it('is given up in pieces, whatever its size, and filled again', () => {
  const one = reserve(1_000_001);
  expect(one.fill()).toBe(true);
  expect(size()).toBe(1_000_001);
  one.giveUpSome(100_000.25);
  expect(size()).toBeLessThanOrEqual(900_000);
  expect(size() % 4096).toBe(0);
  expect(one.missing).toBe(1_000_001 - size());
  expect(one.fill()).toBe(true);
  expect(size()).toBe(1_000_001);
  one.giveUpSome(2_000_000);
  expect(existsSync(join(folder, 'reserve'))).toBe(false);
  expect(one.missing).toBe(1_000_001);
  one.giveUpSome(1);
});

it('lacks nothing where it was made under a larger setting', () => {
  reserve(100_000).fill();
  expect(reserve(10_000).missing).toBe(0);
});
