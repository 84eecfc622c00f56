import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operations } from '../../src/kernel/ops/index.ts';
import { mkfsArgs } from '../../src/kernel/ops/mkfs.ts';
import type { Command } from '../../src/kernel/state.ts';
import { bytesOfText, bytesText } from '../../src/script/bytes-text.ts';
import { commandText, mkfsText, parseScript } from '../../src/script/golden.ts';
import { ScriptError } from '../../src/script/script-error.ts';
import { nameOfWord, nameWord, valueOfWord, valueWord, wordsOf } from '../../src/script/words.ts';

const noBytes = new Uint8Array(0);
const limits = { commandsMax: 10_000, bytesMax: 2 ** 24 };
const commandsOf = (text: string): Command[] =>
  parseScript(text, limits).commands.map(({ command }) => command);
const one = (line: string): Command => {
  const [command, ...more] = commandsOf(line);
  if (command === undefined || more.length > 0) throw new Error(`not one command: ${line}`);
  return command;
};
/** Arguments as the schema of the operation gives them. */
const command = (op: string, rest: Partial<Command> = {}): Command => ({
  op,
  on: {},
  ...rest,
  args: operations.get(op)?.args.parse(rest.args ?? {}),
});

describe('the text of a command', () => {
  const cases: [string, Command][] = [
    ['create a 0', command('create', { args: { name: 'a' } })],
    ['create 123 4096', command('create', { args: { name: '123', sizeBytes: 4096 } })],
    [
      'punch-hole a 0 8192 nowait as T',
      command('punch-hole', {
        on: { file: 'a' },
        args: { offset: 0, length: 8192 },
        owner: 'T',
        nowait: true,
      }),
    ],
    [
      'pin map_1 0 4096 write longterm kind=rdma holdMs=5 timeoutMs=9 as "the nic"',
      command('pin', {
        on: { mapping: 1 },
        args: { offset: 0, length: 4096, access: 'write', longterm: true, kind: 'rdma', holdMs: 5 },
        timeoutMs: 9,
        owner: 'the nic',
      }),
    ],
    [
      'mmap a 0 4096 read shared=false',
      command('mmap', {
        on: { file: 'a' },
        args: { offset: 0, length: 4096, access: 'read', shared: false },
      }),
    ],
    [
      'write a 0 {41*4096,00*1}',
      command('write', {
        on: { file: 'a' },
        args: { offset: 0 },
        data: new Uint8Array(4097).fill(0x41, 0, 4096),
      }),
    ],
    ['write a {}', command('write', { on: { file: 'a' }, data: new Uint8Array(0) })],
    ['cancel op_5 restart', command('cancel', { on: { operation: 5 }, args: { restart: true } })],
    ['scheduler-step', command('scheduler-step')],
    ['scheduler-step op_5', command('scheduler-step', { args: { task: 'op_5' } })],
    ['clock-advance 250', command('clock-advance', { args: { ms: 250 } })],
    [
      'set-strategy wait-for-refs newRefs=fail',
      command('set-strategy', { args: { name: 'wait-for-refs', newRefs: 'fail' } }),
    ],
    [
      'exchange-range a with=b 0 withOffset=0 4096',
      command('exchange-range', {
        on: { file: 'a' },
        args: { with: 'b', offset: 0, withOffset: 0, length: 4096 },
      }),
    ],
    [
      'truncate a 0 keep ifMatch=["1","2"]',
      command('truncate', {
        on: { file: 'a' },
        args: { sizeBytes: 0 },
        keep: true,
        ifMatch: ['1', '2'],
      }),
    ],
  ];

  test.each(cases)('%s', (text, wanted) => {
    expect(commandText(wanted)).toBe(text);
    expect(one(`> ${text}`)).toEqual(wanted);
  });

  test('may be shorter where a person writes it', () => {
    expect(one('> fault map_1 0 write')).toEqual(
      command('fault', { on: { mapping: 1 }, args: { offset: 0, access: 'write' } }),
    );
    expect(one('> read a length=10')).toEqual(
      command('read', { on: { file: 'a' }, args: { length: 10 } }),
    );
    expect(one('> scheduler-step op_5 pin.begin')).toEqual(
      command('scheduler-step', { args: { task: 'op_5' } }),
    );
    expect(one('> scheduler-step nothing')).toEqual(command('scheduler-step'));
  });
});

describe('nothing is lost', () => {
  test('of bytes', () => {
    const runs = fc.array(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 300 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(fc.oneof(runs, fc.constant([])), (given) => {
        const bytes = Uint8Array.from(
          given.flatMap(([byte, length]) => new Array<number>(length).fill(byte)),
        );
        expect(bytesOfText(bytesText(bytes), bytes.length)).toEqual(bytes);
      }),
    );
  });

  test('of words', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('true'));
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const line = texts.map(nameWord).join('  ');
        expect(wordsOf(line)?.map(nameOfWord)).toEqual(texts);
        expect(wordsOf(texts.map(valueWord).join(' '))?.map(valueOfWord)).toEqual(texts);
      }),
    );
  });

  test('of the arguments of any operation', () => {
    const value = fc.oneof(fc.nat(), fc.boolean(), fc.string(), fc.constant('nowait'));
    const args = fc.dictionary(fc.string({ minLength: 1 }), value, { noNullPrototype: true });
    fc.assert(
      fc.property(args, fc.string({ maxLength: 64 }), (options, name) => {
        // The strategy checks its options only when the command runs, so any can be in a log.
        const given = command('set-strategy', { args: { ...options, name } });
        expect(one(`> ${commandText(given)}`)).toEqual(given);
      }),
    );
  });
});

test('mkfs comes first and says how the filesystem is made', () => {
  const args = mkfsArgs.parse({
    name: 'pmem0',
    sizeBytes: 1048576,
    clock: 'manual',
    strategy: { name: 'break-layouts', idleRule: 'modern' },
    waitqueue: { buckets: 1, keyed: false },
  });
  const text = mkfsText(args);
  expect(text).toBe(
    'mkfs pmem0 1048576 strategy={"name":"break-layouts","idleRule":"modern"} ' +
      'waitqueue={"buckets":1,"keyed":false} clock=manual',
  );
  const script = parseScript(`# by hand\n\n> ${text}\n> sync\r\n`, limits);
  expect(script.mkfs).toEqual(args);
  expect(script.commands).toEqual([{ command: command('sync'), line: 4 }]);
});

test('every golden trace is a script', () => {
  const folder = join(import.meta.dirname, '../traces');
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(100);
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    const lines = text.split('\n').filter((line) => line.startsWith('>'));
    const { commands } = parseScript(text, limits);
    expect(commands).toHaveLength(lines.length);
    for (const { command } of commands) {
      const { data, ...again } = one(`> ${commandText(command)}`);
      const { data: bytes, ...rest } = command;
      expect(again).toEqual(rest);
      // Compares 2 MiB much faster than toEqual.
      expect(Buffer.compare(data ?? noBytes, bytes ?? noBytes)).toBe(0);
    }
  }
});

test.each([
  ['punch-hole a 0 8192', 'line 1: a command begins with ">"'],
  ['> sync\n> trunkate a 0', 'line 2: there is no operation trunkate'],
  ['> truncate', 'line 1: the file is missing'],
  ['> truncate a', 'line 1: sizeBytes: '],
  ['> truncate a -1', 'line 1: sizeBytes: '],
  ['> unpin map_1', 'line 1: on: pin: must be an id such as pin_1'],
  ['> write a 0 {4*1}', 'line 1: the bytes must be'],
  ['> write a 0 base64:%%%%', 'line 1: the bytes must be'],
  ['> write a 0 {41*999999999999}', 'line 1: more bytes than the script may have'],
  ['> write a 0', 'line 1: data: '],
  ['> sync {41*1}', 'line 1: sync takes no bytes'],
  ['> create "a', 'line 1: a quoted text has no end'],
  ['>', 'line 1: the command is missing'],
  ['> sync\n> mkfs a 65536', 'line 2: mkfs must be the first command'],
  ['> mkfs a 5', 'line 1: sizeBytes: '],
  ['> mkfs', 'line 1: name: '],
])('a mistake is named with its line: %j', (text, why) => {
  expect(() => parseScript(text, limits)).toThrow(ScriptError);
  expect(() => parseScript(text, limits)).toThrow(why);
});

test('a script may have so many commands', () => {
  const few = { commandsMax: 2, bytesMax: 10 };
  expect(parseScript('> sync\n> sync', few).commands).toHaveLength(2);
  expect(() => parseScript('> sync\n> sync\n> sync', few)).toThrow(
    'line 3: the script has more than 2 commands, the maximum',
  );
  // The bytes of all commands count together.
  const write = '> write a 0 {41*6}';
  expect(() => parseScript(`${write}\n${write}`, few)).toThrow('(4 are left)');
});
