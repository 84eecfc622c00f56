import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { operations } from '../../src/kernel/ops/index.ts';
import type { Command } from '../../src/kernel/state.ts';
import {
  type CommandJson,
  commandJsonOf,
  commandOf,
  parseCommands,
  zCommand,
} from '../../src/script/command-json.ts';
import { ScriptError } from '../../src/script/script-error.ts';

const whyNot = (...commands: unknown[]): string => {
  try {
    parseCommands(commands);
  } catch (error) {
    if (error instanceof ScriptError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
};

describe('a command in JSON', () => {
  test('is what a person would write for a command of the kernel', () => {
    const command: Command = {
      op: 'punch-hole',
      on: { file: 'a' },
      args: { offset: 0, length: 8192 },
      owner: 'T',
      nowait: true,
    };
    const json = {
      op: 'punch-hole',
      on: { file: 'a' },
      args: { offset: 0, length: 8192 },
      owner: 'T',
      nowait: true,
    };
    expect(commandJsonOf(command)).toEqual(json);
    expect(parseCommands([json])).toEqual([command]);
  });

  test('names mappings, pins and operations by their ids', () => {
    for (const [op, on, id] of [
      ['munmap', { mapping: 3 }, { mapping: 'map_3' }],
      ['unpin', { pin: 12 }, { pin: 'pin_12' }],
      ['cancel', { operation: 5 }, { operation: 'op_5' }],
    ] as const) {
      const [command] = parseCommands([{ op, on: id }]);
      expect(command).toMatchObject({ op, on });
      expect(commandJsonOf(command as Command)).toEqual({ op, on: id });
    }
  });

  test('has the bytes in base64, and leaves out arguments with their default', () => {
    const [write] = parseCommands([
      { op: 'write', on: { file: 'a' }, args: { offset: 4 }, data: 'AP8=' },
    ]);
    expect(write?.data).toEqual(Uint8Array.of(0, 255));
    expect(commandJsonOf(write as Command)).toEqual({
      op: 'write',
      on: { file: 'a' },
      args: { offset: 4 },
      data: 'AP8=',
    });
    const [pin] = parseCommands([
      { op: 'pin', on: { mapping: 'map_1' }, args: { offset: 0, length: 1, access: 'read' } },
    ]);
    expect(pin?.args).toMatchObject({ hwpoison: false, kind: 'direct-io' });
    expect(commandJsonOf(pin as Command).args).toEqual({ offset: 0, length: 1, access: 'read' });
  });

  test('exists for every operation of the registry', () => {
    const branches = z.toJSONSchema(zCommand, { io: 'input' }).oneOf as { properties: object }[];
    expect(branches).toHaveLength(operations.size);
    for (const branch of branches)
      expect(branch.properties).toMatchObject({ op: {}, args: {}, owner: {} });
  });

  test('round-trips through JSON text', () => {
    const given: CommandJson[] = [
      { op: 'create', on: {}, args: { name: 'a', sizeBytes: 8192 } },
      { op: 'set-strategy', args: { name: 'wait-for-refs', newRefs: 'fail' } },
      { op: 'truncate', on: { file: 'a' }, args: { sizeBytes: 0 }, timeoutMs: 5, keep: true },
      { op: 'read', on: { file: 'a' }, args: {}, ifMatch: ['"1"', '"2"'] },
      { op: 'sync' },
    ];
    const once = parseCommands(given).map(commandJsonOf);
    const again = parseCommands(JSON.parse(JSON.stringify(once)));
    expect(again).toEqual(parseCommands(given));
    expect(again.map(commandJsonOf)).toEqual(once);
    expect(commandOf(once[2] as CommandJson).keep).toBe(true);
  });
});

test('an error names the command and the field', () => {
  const fine = { op: 'sync' };
  expect(whyNot(fine, { op: 'trunkate' })).toBe(
    'commands[1].op: There is no operation of this name.',
  );
  expect(whyNot(fine, fine, { op: 'truncate', on: { file: 'a' } })).toMatch(
    /^commands\[2\]\.args\.sizeBytes: /,
  );
  expect(whyNot({ op: 'truncate', on: { pin: 'pin_1' }, args: { sizeBytes: 0 } })).toMatch(
    /^commands\[0\]\.on/,
  );
  expect(whyNot({ op: 'unpin', on: { pin: 'map_1' } })).toBe(
    'commands[0].on.pin: must be an id such as pin_1',
  );
  expect(whyNot({ op: 'write', on: { file: 'a' }, data: '???' })).toMatch(/^commands\[0\]\.data: /);
  expect(whyNot({ op: 'write', on: { file: 'a' } })).toMatch(/^commands\[0\]\.data: /);
  // An operation that never waits has no `nowait`.
  expect(whyNot({ op: 'sync', nowait: true })).toMatch(/nowait/);
  expect(whyNot({ op: 'sync', on: { file: 'a' } })).toMatch(/^commands\[0\]\.on: /);
  expect(() => parseCommands('sync')).toThrow(/^commands: /);
});
