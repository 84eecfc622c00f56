// Every cell of errno-table.ts, on both kernels, and the calls that HTTP cannot express, with the
// answers to them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, must, type Service, start } from '../http/start.ts';
import { extentsOf } from '../kernel/ops/replay.ts';
import { letters, type Machine, machine, page, wordOf } from '../machine.ts';
import { exchange, fallocate, gup, type Row, touches, truncateAndSeek } from './errno-table.ts';
import { unsaid } from './wire-table.ts';

const boxes = (['xfs', 'ext4'] as const).flatMap((kind) =>
  (['6.12', '7.3'] as const).map((kernel) => ({ box: `${kind} ${kernel}`, kind, kernel })),
);

function world(kind: 'xfs' | 'ext4', kernel: '6.12' | '7.3'): Machine {
  const m = machine({ kind, kernel, blocks: 64 });
  m.create('a');
  m.write('a', letters('ABCDEFGH'), 0);
  m.map('a', 12);
  m.map('a', 12, {}, 'read');
  m.call(
    'mmap',
    { file: 'a' },
    { offset: 0, length: 12 * page, access: 'read-write', shared: false },
  );
  return m;
}

const stateOf = (m: Machine): string => {
  const { sizeBytes, version } = m.file('a');
  return JSON.stringify({
    sizeBytes,
    version,
    extents: extentsOf(m.file('a')),
    counts: m.k.counts,
  });
};

function check(rows: Row[], first: (m: Machine) => void = () => {}): void {
  describe.each(boxes)('$box', ({ kind, kernel }) => {
    test.each(rows)('RG2 $call', ({ xfs, ext4, prepare, act, see }) => {
      const m = world(kind, kernel);
      first(m);
      prepare?.(m);
      const ran = act(m);
      const word = wordOf(ran);
      const more = see?.(m, ran) ?? '';
      expect(more === '' ? word : `${word}, ${more}`).toBe(kind === 'ext4' ? (ext4 ?? xfs) : xfs);
    });
  });
}

describe('BR5 fallocate', () => check(fallocate));
describe('BR5 ftruncate, pwrite, lseek, FIEMAP', () => check(truncateAndSeek));
const withOther = (m: Machine) => {
  m.create('b');
  m.write('b', letters('ijklmnop'), 0);
};
describe('BR5 exchange-range', () => check(exchange, withOther));
const withHole = (m: Machine) => void m.punch('a', 2 * page, page);
describe('BR5 get_user_pages', () => check(gup, withHole));
describe('BR5 a load, a store, a read, a write', () => check(touches, withHole));

describe.each(boxes)('BR5 $box: what is refused has changed nothing', ({ kind, kernel }) => {
  const refused = [...fallocate, ...truncateAndSeek.slice(0, 6)].filter(
    (row) => !row.act.toString().includes('2 ** 40'),
  );
  test.each(refused)('BR5 $call', ({ act }) => {
    const m = world(kind, kernel);
    const before = stateOf(m);
    if (wordOf(act(m)) !== 'done') expect(stateOf(m)).toBe(before);
  });
});

describe('BR5 what the wire cannot carry', () => {
  let service: Service;
  beforeAll(async () => {
    service = await start();
    for (const { box, kind, kernel } of boxes) {
      const name = box.replaceAll(/[ .]/g, '-');
      await must(service, 201, 'POST', '/v1/filesystems', {
        json: { name, sizeBytes: 262_144, kind, kernel },
      });
      await must(service, 201, 'POST', `/v1/filesystems/${name}/files`, {
        json: { name: 'a', sizeBytes: 8 * page },
      });
      const mapping = { offset: 0, length: 8 * page, access: 'read-write' };
      await must(service, 201, 'POST', `/v1/filesystems/${name}/files/a/mappings`, {
        json: mapping,
      });
    }
  });
  afterAll(() => service.close());

  test.each(unsaid.filter((row) => row.path !== undefined))(
    'H2 $call',
    async ({ path = '', body, here }) => {
      for (const { box } of boxes) {
        const fs = `/v1/filesystems/${box.replaceAll(/[ .]/g, '-')}`;
        const answer = await call(service, 'POST', `${fs}/${path}`, { json: body });
        expect(`${answer.status} ${answer.json.errno} ${answer.json.rule}`).toBe(here);
      }
    },
  );
});
