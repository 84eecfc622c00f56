// Reading a workload: every mistake has its line and column, what is wrong, and the nearest name.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseWorkload, textMax, workloadOf } from '../../src/lab/document.ts';
import { LabError } from '../../src/lab/lab-error.ts';
import { workloadJsonSchema } from '../../src/lab/schema.ts';

const good = `name: rdma-target
about: A storage target.
filesystem: { sizeBytes: 64Mi, kind: xfs, kernel: '7.3', files: { db0: 4Mi, db1: 4Mi } }
durationMs: 60000
actors:
  nic:
    count: 8
    loop:
      - pin: { file: [db0, db1], pages: { uniform: [1, 16] }, access: write, kind: rdma }
      - hold: { lognormal: { median: 2, p99: 40 } }
      - unpin
      - think: { exponential: 5 }
  recycler:
    loop:
      - truncate: { file: [db0, db1], to: 0 }
      - write: { length: 4Mi }
      - think: { fixed: 250 }
  reader: { count: 2, loop: [ { read: { file: db0, length: 64Ki } }, { think: { exponential: 10 } } ] }
`;

function mistakesOf(text: string): string {
  try {
    parseWorkload(text);
  } catch (error) {
    if (error instanceof LabError) return error.message;
    throw error;
  }
  return 'accepted';
}
const changed = (from: string, to: string): string => {
  expect(good).toContain(from);
  return mistakesOf(good.replace(from, to));
};

test('the workload of the design is accepted, as YAML, as JSON and as a value', () => {
  const { workload, raw } = parseWorkload(good);
  expect(workload.filesystem.sizeBytes).toBe(64 * 2 ** 20);
  expect(workload.actors.nic?.loop.map(({ kind }) => kind)).toEqual([
    'pin',
    'hold',
    'unpin',
    'think',
  ]);
  expect(parseWorkload(JSON.stringify(raw)).workload).toEqual(workload);
  expect(workloadOf(parse(good)).workload).toEqual(workload);
});

describe('a mistake has a line, a column and the nearest right name', () => {
  const cases: [from: string, to: string, says: string][] = [
    [
      '- pin:',
      '- pinn:',
      'line 9, column 9: actors.nic.loop.0.pinn: there is no step "pinn"; did you mean "pin"?',
    ],
    [
      '- unpin',
      '- unpinn',
      'line 11, column 9: actors.nic.loop.2: there is no step "unpinn"; did you mean "unpin"?',
    ],
    [
      'db1]',
      'db9]',
      'line 9, column 28: actors.nic.loop.0.pin.file.1: there is no file "db9"; did you mean "db0"?',
    ],
    [
      'uniform',
      'unifrom',
      'line 9, column 34: actors.nic.loop.0.pin.pages: there is no distribution "unifrom"; did you mean "uniform"?',
    ],
    [
      'count: 8',
      'cuont: 8',
      'line 7, column 5: actors.nic.cuont: there is no field "cuont" here; did you mean "count"?',
    ],
    [
      'kind: rdma',
      'kind: rdmaa',
      'line 9, column 78: actors.nic.loop.0.pin.kind: there is no value "rdmaa"; did you mean "rdma"?',
    ],
    [
      'kind: xfs',
      'kind: xsf',
      'line 3, column 32: filesystem.kind: there is no value "xsf"; did you mean "xfs"?',
    ],
    [
      'pages:',
      'pagess:',
      'line 9, column 34: actors.nic.loop.0.pin.pagess: there is no field "pagess" here; did you mean "pages"?',
    ],
    [
      '      - unpin\n',
      '',
      'line 8, column 5: actors.nic.loop: a round takes 1 more pins than it releases; add unpin',
    ],
    [
      '64Mi',
      '64Mx',
      'line 3, column 15: filesystem.sizeBytes: must be a number of bytes such as 4096, 4Ki, 64Mi or 16p',
    ],
    ['access: write, ', '', 'line 9, column 9: actors.nic.loop.0.pin.access: is missing'],
    [
      'durationMs: 60000',
      'durationMs: -1',
      'line 4, column 1: durationMs: expected number to be >0',
    ],
    [
      'exponential: 5',
      'exponential: five',
      'line 12, column 18: actors.nic.loop.3.think.exponential: expected number, received string',
    ],
    [
      '[1, 16]',
      '[16, 1]',
      'line 9, column 43: actors.nic.loop.0.pin.pages.uniform: the first number must not be above the second',
    ],
    [
      '- think: { fixed: 250 }',
      '- mmap',
      'line 17, column 9: actors.recycler.loop.2: mmap is no step of an actor: pin, fault, load, store and flush map the file when they need it; munmap unmaps it',
    ],
    [
      '- think: { fixed: 250 }',
      '- think: 0',
      'line 14, column 5: actors.recycler.loop: a round takes no time; add think, hold or periodMs',
    ],
    [
      'write: { length: 4Mi }',
      'write: {}',
      'line 16, column 9: actors.recycler.loop.1.write: needs length or pages: how many bytes are written',
    ],
    [
      'length: 64Ki',
      'length: 0',
      'line 18, column 52: actors.reader.loop.0.read.length: must be above 0',
    ],
    [
      'file: [db0, db1], to: 0',
      'to: 0',
      'line 15, column 9: actors.recycler.loop.0.truncate: no step before this one names a file, so it must',
    ],
    [
      'db0: 4Mi',
      'db0: 4Gi',
      'line 3, column 58: filesystem.files: the files have 4299161600 bytes; the device has 67108864',
    ],
    [
      'p99: 40',
      'p99: 1',
      'line 10, column 17: actors.nic.loop.1.hold.lognormal: p99 must not be below median, and median must be above 0',
    ],
    [
      '- unpin',
      '- { unpin: {}, every: 2 }',
      'line 11, column 11: actors.nic.loop.2.unpin: pin, hold and unpin happen in each round; give every or chance to other steps',
    ],
    ['name: rdma-target', 'name: rdma\nname: target', 'line 2, column 1: Map keys must be unique'],
    [
      'count: 8',
      'count: {',
      'line 8, column 5: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    [
      'count: 8',
      'count: 100000',
      'line 7, column 5: actors.nic.count: expected number to be <=1000',
    ],
  ];
  test.each(cases)('%s → %s', (from, to, says) => expect(changed(from, to)).toBe(says));

  test('all mistakes are told together', () => {
    const text = good.replace('db1]', 'db9]').replace('file: db0, length', 'file: dbx, length');
    expect(mistakesOf(text).split('\n')).toHaveLength(2);
  });

  test('costs of an operation that does not exist', () =>
    expect(mistakesOf(`${good}costs: { trunacte: 1 }\n`)).toBe(
      'line 19, column 10: costs.trunacte: there is no operation "trunacte"; did you mean "truncate"?',
    ));

  test('a text that is too long, or stands for too much', () => {
    expect(mistakesOf(`#${'x'.repeat(textMax)}`)).toContain('is the maximum');
    const bomb = Array.from(
      { length: 9 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join()}]`,
    );
    expect(mistakesOf(`a0: &a0 [1]\n${bomb.join('\n')}\n`)).toContain('alias');
  });

  test.each(['', 'null', '42', '[]', '"name"'])('%s is no workload', (text) =>
    expect(mistakesOf(text)).not.toBe('accepted'),
  );
});

test('the JSON Schema accepts what the parser accepts, and refuses an unknown step', () => {
  const validate = new Ajv2020({ strict: false }).compile(workloadJsonSchema());
  expect(validate(parse(good))).toBe(true);
  expect(validate(parse(good.replace('- pin:', '- pinn:')))).toBe(false);
});
