// The smallest and the largest value of every setting, taken from the table of settings.
import { z } from 'zod';
import { flagOf, settings } from '../src/config.ts';

export interface Extreme {
  name: string;
  flag: string;
  value: string;
}

interface Bounds {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  anyOf?: Bounds[];
}

const flag = ['1', '0', 'true', 'false', ''];
/** What is no number, and has to fit the machine: an address, a place for files, lists of names. */
const given: Record<string, string[]> = {
  host: ['127.0.0.1', 'localhost', '::1', 'x', `${'x'.repeat(4096)}`],
  port: ['0'],
  dataDir: ['d', `${'d/'.repeat(100)}d`, 'x'.repeat(4096), '/proc/x', '/dev/null/x'],
  operatorTokenFile: ['t', 'x'.repeat(4096), '/proc/x', '.'],
  clusterUrlFile: ['u', 'x'.repeat(4096), '/proc/x', '.'],
  nodeId: ['n', 'x'.repeat(253)],
  advertiseUrl: ['http://a', `https://${'x'.repeat(60)}.example:65535`],
  volatile: flag,
  auditReleases: flag,
  trustProxy: flag,
  allowedHosts: ['', 'a', Array.from({ length: 1000 }, (_, i) => `host${i}`).join()],
  allowedOrigins: [
    '',
    'http://a',
    Array.from({ length: 1000 }, (_, i) => `https://app${i}.example`).join(),
  ],
};

function valuesOf(bounds: Bounds): string[] {
  if (bounds.enum !== undefined) return bounds.enum;
  const { minimum, maximum } = bounds;
  if (minimum === undefined || maximum === undefined)
    throw new Error(`no bounds in ${JSON.stringify(bounds)}`);
  return [String(minimum), String(maximum)];
}

export const extremes: Extreme[] = Object.entries(settings).flatMap(([name, { parse }]) => {
  const schema = () =>
    z.toJSONSchema(parse as z.ZodType, { io: 'output', unrepresentable: 'any' }) as Bounds;
  return (given[name] ?? valuesOf(schema())).map((value) => ({ name, flag: flagOf(name), value }));
});
