// Small parts of src/http that can be tested without a server.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rangeOf } from '../../src/http/byte-range.ts';
import { tagsOf } from '../../src/http/conditional.ts';
import { isDeeperThan } from '../../src/http/json-body.ts';
import { preferenceOf } from '../../src/http/prefer.ts';
import { problemTable, problemTypes } from '../../src/http/problem-table.ts';
import { problemOfCode, rawProblem } from '../../src/http/raw-problem.ts';
import { coerce, coercionsOf } from '../../src/http/schema.ts';

const limits = { waitDefaultMs: 1000, waitMaxMs: 60_000 };

describe('Prefer', () => {
  it.each([
    [undefined, { waitMs: 1000, async: false, applied: null }],
    ['wait=10', { waitMs: 10_000, async: false, applied: 'wait=10' }],
    ['wait=0', { waitMs: 0, async: false, applied: 'wait=0' }],
    ['wait="7"', { waitMs: 7000, async: false, applied: 'wait=7' }],
    ['wait=3600', { waitMs: 60_000, async: false, applied: 'wait=60' }],
    ['respond-async', { waitMs: 0, async: true, applied: 'respond-async' }],
    ['Respond-Async; x=1', { waitMs: 0, async: true, applied: 'respond-async' }],
    ['respond-async, wait=5', { waitMs: 5000, async: false, applied: 'wait=5' }],
    ['return=minimal', { waitMs: 1000, async: false, applied: null }],
    ['wait=2, wait=9', { waitMs: 2000, async: false, applied: 'wait=2' }],
  ])('%s', (header, expected) => {
    expect(preferenceOf(header, limits)).toEqual(expected);
  });

  it.each(['wait', 'wait=', 'wait=x', 'wait=-1', 'wait=1.5', 'wait=99999999999'])(
    'refuses %s',
    (header) => {
      expect(() => preferenceOf(header, limits)).toThrow('number of seconds');
    },
  );
});

describe('Range', () => {
  it.each([
    ['bytes=0-9', { kind: 'part', offset: 0, length: 10 }],
    ['bytes=90-', { kind: 'part', offset: 90, length: 10 }],
    ['bytes=-5', { kind: 'part', offset: 95, length: 5 }],
    ['bytes=-500', { kind: 'part', offset: 0, length: 100 }],
    ['bytes=50-500', { kind: 'part', offset: 50, length: 50 }],
    ['bytes=100-', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
    ['bytes=9-1', { kind: 'whole' }],
    ['bytes=0-1,5-6', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['pages=0-1', { kind: 'whole' }],
    ['nonsense', { kind: 'whole' }],
  ])('%s', (range, expected) => {
    expect(rangeOf({ range }, 100, '"e"')).toEqual(expected);
  });

  it('holds only for the ETag of If-Range', () => {
    expect(rangeOf({ range: 'bytes=0-1', 'if-range': '"e"' }, 100, '"e"').kind).toBe('part');
    expect(rangeOf({ range: 'bytes=0-1', 'if-range': 'W/"e"' }, 100, '"e"').kind).toBe('whole');
    expect(rangeOf({ range: 'bytes=0-1', 'if-range': '"other"' }, 100, '"e"').kind).toBe('whole');
  });

  it('is nothing of an empty file', () => {
    expect(rangeOf({ range: 'bytes=0-' }, 0, '"e"').kind).toBe('unsatisfiable');
  });
});

describe('entity tags', () => {
  it.each([
    ['*', '*'],
    [' * ', '*'],
    ['"a"', ['"a"']],
    ['"a", W/"b"', ['"a"', 'W/"b"']],
    ['"a","b"', ['"a"', '"b"']],
    [', "a",, ,"b" ,', ['"a"', '"b"']],
    ['"a,b"', ['"a,b"']],
    ['""', ['""']],
    ['', []],
    ['a', null],
    ['"a', null],
    ['"a" "b"', null],
    ['"a", b', null],
    ['*, "a"', null],
    ['"a", *', null],
    ['w/"a"', null],
    ['W/ "a"', null],
    ['"a b"', null],
    ['"a"x', null],
  ])('%s', (header, expected) => {
    expect(tagsOf(header)).toEqual(expected);
  });
});

describe('depth of JSON', () => {
  it('counts brackets outside of strings', () => {
    expect(isDeeperThan('[[[]]]', 3)).toBe(false);
    expect(isDeeperThan('[[[]]]', 2)).toBe(true);
    expect(isDeeperThan('{"a":"[[[[[["}', 1)).toBe(false);
    expect(isDeeperThan('{"a\\"[[[":1}', 1)).toBe(false);
    expect(isDeeperThan('[{},{},{}]', 2)).toBe(false);
  });
});

describe('query strings', () => {
  const coercions = coercionsOf(
    z.object({ n: z.int().optional(), b: z.boolean().default(false), s: z.string() }),
  );

  it('are converted to the types of the schema', () => {
    expect(coerce({ n: '12', b: 'true', s: '12' }, coercions)).toEqual({ n: 12, b: true, s: '12' });
    expect(coerce({ b: '' }, coercions)).toEqual({ b: true });
    expect(coerce({ b: '0' }, coercions)).toEqual({ b: false });
  });

  it('stay as they are where they do not look like it', () => {
    const odd = { n: '1e3', b: 'yes', s: ['a', 'b'], other: '1' };
    expect(coerce(odd, coercions)).toEqual(odd);
    expect(coerce({ n: '' }, coercions)).toEqual({ n: '' });
  });
});

describe('problems', () => {
  it.each(problemTypes)('%s has a status of its kind, a title and a sentence', (type) => {
    const { status, title, doc } = problemTable[type];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).not.toBe('');
    expect(doc).toMatch(/^[A-Z/W].*\.$/s);
  });

  it('are written out for connections that never became a request', () => {
    const [head = '', body = ''] = rawProblem('a-1', ...problemOfCode('HPE_HEADER_OVERFLOW')).split(
      '\r\n\r\n',
    );
    expect(head).toMatch(/^HTTP\/1\.1 431 /);
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ type: '/v1/problems/headers-too-large', status: 431 });
  });
});
