// Every setting at its smallest and its largest value: the service either serves with it or refuses
// it with one sentence. test/system/extremes.test.ts does the same with processes that are
// restarted.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { some } from './dose.ts';
import { extremes } from './extremes.ts';
import { call, type Service, start } from './http/start.ts';
import { calls, isProper } from './system/extreme-calls.ts';

// Addresses and files are for processes of their own.
const ofProcesses = ['host', 'port', 'dataDir', 'operatorTokenFile', 'logLevel', 'volatile'];
const settled = extremes.filter(({ name }) => !ofProcesses.includes(name));

describe('a service', () => {
  it('has every bound of the table', () => {
    expect(settled.length).toBeGreaterThan(120);
  });

  it.each(some(settled, 8))('serves with $flag $value', async ({ flag, value }) => {
    const service: Service = await start(readConfig([`${flag}=${value}`]));
    try {
      for (const { method, path, json, bytes } of calls) {
        const options = json === undefined ? (bytes === undefined ? {} : { bytes }) : { json };
        const answer = await call(service, method, path, {
          ...options,
          headers: { prefer: 'wait=0' },
        });
        expect(
          isProper(answer.status, String(answer.headers['content-type'])),
          `${method} ${path}: ${answer.text}`,
        ).toBe(true);
      }
    } finally {
      await service.close();
    }
  });
});
