import { expect, it } from 'vitest';
import { differences, hexRows } from '../../web/file/hex.ts';
import { outcomeText } from '../../web/parts/outcome-text.ts';

it('shows 16 bytes a row, and leaves out rows that repeat', () => {
  const bytes = new Uint8Array(4096).fill(0x61);
  bytes[4095] = 0;
  const rows = hexRows(8192, bytes, null);
  expect(rows.map(({ offset, repeats }) => [offset, repeats])).toEqual([
    [8192, 254],
    [8192 + 4080, 0],
  ]);
  expect(rows[0]?.fileText).toBe('a'.repeat(16));
  expect(rows[1]?.fileText).toBe(`${'a'.repeat(15)}·`);
});

it('marks the bytes that differ, in a repeated row too', () => {
  const file = new Uint8Array(64).fill(1);
  const pin = new Uint8Array(64).fill(1);
  for (let row = 0; row < 4; row += 1) pin[row * 16 + 2] = 9;
  const rows = hexRows(0, file, pin);
  expect(rows).toHaveLength(1);
  expect(rows[0]?.file.map(({ differs }) => differs).indexOf(true)).toBe(2);
  expect(rows[0]?.pin[2]).toEqual({ hex: '09', differs: true });
  expect(differences(rows)).toBe(4);
});

it('puts a pin that begins inside of the page beside the right bytes', () => {
  const rows = hexRows(0, new Uint8Array(32).fill(7), new Uint8Array(8).fill(7), 20);
  expect(rows).toHaveLength(2);
  expect(rows[1]?.pin.map(({ hex }) => hex).join('')).toBe(`${'  '.repeat(4)}${'07'.repeat(8)}`);
  expect(differences(rows)).toBe(0);
});

it('shows the rest of a pin where the file has ended', () => {
  const rows = hexRows(0, new Uint8Array(0), new Uint8Array(16).fill(0x41));
  expect(rows[0]).toMatchObject({ fileText: '', pinText: 'A'.repeat(16), differs: false });
});

it('says how an operation went', () => {
  expect(outcomeText('truncate of a', { blocksFreed: 2, blocksBusy: 0 })).toBe(
    'truncate of a: done, 2 pages freed.',
  );
  expect(outcomeText('unpin of pin_1', {})).toBe('unpin of pin_1: done.');
  const record = { id: 'op_9', op: 'truncate', state: 'sleeping' };
  expect(
    outcomeText('truncate of a', {
      ...record,
      sleepingOn: { state: 'D', page: { pfn: 7, pgoff: 2 } },
    }),
  ).toBe('truncate of a: op_9 sleeps (D) and waits for page 2 of the file (pfn 7).');
  expect(
    outcomeText('read of a', { ...record, sleepingOn: { state: 'D', lock: { name: 'i_rwsem' } } }),
  ).toBe('read of a: op_9 sleeps (D) and waits for i_rwsem.');
  expect(outcomeText('punch-hole of a', { id: 'op_3', op: 'punch-hole', state: 'running' })).toBe(
    'punch-hole of a: op_3 has begun and has not ended yet.',
  );
});
