// Everything that was acknowledged before a power cut is there after it. Needs root and loop
// devices.
import { expect, it } from 'vitest';
import { killLoop } from '../crash/kills.ts';
import { canCutPower, powered } from '../crash/power.ts';

it.skipIf(!canCutPower())(
  '5 power cuts under load: everything acknowledged is there',
  { timeout: 300_000 },
  async () => {
    const totals = await killLoop(5, 2, () => {}, powered());
    expect(totals.kills).toBe(5);
    expect(totals.acknowledged).toBeGreaterThan(50);
  },
);
