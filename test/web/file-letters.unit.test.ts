import { expect, it } from 'vitest';
import { letterOf, lettersOf, tintOf } from '../../web/state/file-letters.ts';

const files = (...names: string[]) => names.map((name, i) => ({ ino: i + 2, name }));

it('gives a file the first letter of its name', () => {
  expect([...lettersOf(files('a', 'log', 'b')).values()]).toEqual(['a', 'l', 'b']);
});

it('gives two files two letters, and lets the older one choose', () => {
  const letters = lettersOf(files('data', 'dump', 'd'));
  expect([...letters.values()]).toEqual(['d', 'u', 'a']);
  expect(lettersOf(files('data', 'dump', 'd').reverse())).toEqual(letters);
});

it('does not run out of signs with many files', () => {
  const many = lettersOf(files(...Array.from({ length: 200 }, () => 'a')));
  expect(new Set([...many.values()].slice(0, 62)).size).toBe(62);
  expect(letterOf(many, 201)).toBe('*');
});

it('has no letter for a file that is gone, and a tint for it', () => {
  expect(letterOf(lettersOf(files('a')), 99)).toBe('');
  expect(tintOf(99)).toBeLessThan(8);
});
