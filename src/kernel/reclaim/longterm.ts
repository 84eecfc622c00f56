import { z } from 'zod';

/**
 * FOLL_LONGTERM on fs-dax. Linux refuses it; `allow` shows what each strategy would do if it did
 * not.
 */
export const zLongterm = z
  .enum(['refuse', 'allow'])
  .default('refuse')
  .describe('Pins with longterm: refused with EOPNOTSUPP, or allowed.');
