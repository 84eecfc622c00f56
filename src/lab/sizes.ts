import { z } from 'zod';
import { pageSize } from '../kernel/units.ts';

const units: Readonly<Record<string, number>> = {
  '': 1,
  p: pageSize,
  Ki: 2 ** 10,
  K: 2 ** 10,
  Mi: 2 ** 20,
  M: 2 ** 20,
  Gi: 2 ** 30,
  G: 2 ** 30,
};
const pattern = /^(\d{1,15})(Ki|Mi|Gi|K|M|G|p)?$/;

/** Bytes: 4096, 4Ki, 64M, or pages as 16p. */
export const zSize = z
  .union([
    z.int().nonnegative(),
    z.string().regex(pattern, 'must be a number of bytes such as 4096, 4Ki, 64Mi or 16p'),
  ])
  .transform((size) => (typeof size === 'number' ? size : bytesOf(size)))
  .pipe(z.int().nonnegative())
  .describe('Bytes as a number, or as 4Ki, 64Mi, 1Gi, or in pages as 16p.');

function bytesOf(text: string): number {
  const [, digits, unit = ''] = pattern.exec(text) ?? [];
  return Number(digits) * (units[unit] as number);
}
