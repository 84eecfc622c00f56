import { z } from 'zod';

/**
 * FOLL_LONGTERM on fs-dax. Linux refuses it; `allow` shows what each strategy would do if it did
 * not.
 */
export const zLongterm = z
  .enum(['refuse', 'allow'])
  .default('refuse')
  .describe('Whether pins with longterm are refused (EOPNOTSUPP) or allowed.');
