// pinhole lab: runs, presets and traces, without a server.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reportTemplate } from '../../src/cli/lib/lab-report.ts';
import { csvOf } from '../../src/lab/csv.ts';
import { digestOf, zLabResult } from '../../src/lab/result.ts';
import { shown } from '../../src/lab/table.ts';
import { pinhole } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinhole-lab-'));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const small = `name: small
filesystem: { sizeBytes: 4Mi, files: { a: 64Ki } }
durationMs: 200
actors:
  nic:
    loop:
      - pin: { file: a, pages: 4, access: write }
      - hold: { exponential: 5 }
      - unpin
      - think: { exponential: 5 }
  puncher: { loop: [ { punch-hole: { file: a, pages: 4 } }, { think: 10 } ] }
`;

describe('pinhole lab run', () => {
  it('prints a line for each strategy, with the interval of the median below it', async () => {
    const { code, stdout, stderr } = await pinhole(['lab', 'run', file('s.yaml', small)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('small: 32 seeds from 1');
    const header = lines.find((line) => line.startsWith('strategy'));
    expect(header).toMatch(/^strategy +p50 +p99 +max +failed +never ended .*deadlocks$/);
    for (const strategy of ['break-layouts', 'busy-extents', 'wait-for-refs', 'none'])
      expect(stdout).toMatch(new RegExp(`^${strategy} +\\d`, 'm'));
    expect(stdout).toMatch(/^ +\S*–\S* (µ|m)?s/m);
    expect(stdout).not.toContain('\u001b');
  });

  it('says in how many seeds something was found', async () => {
    const words = 'lab run gup-two-pages --seeds 8 --strategy none break-layouts';
    const { stdout } = await pinhole(words);
    expect(stdout).toMatch(/^none: foreign write in 8 of 8 seeds$/m);
    expect(stdout).toMatch(/^break-layouts: deadlock in [78] of 8 seeds$/m);
  });

  it('gives the same JSON with one and with two threads, and a digest of it', async () => {
    const path = file('same.yaml', small);
    const run = async (threads: string) =>
      (await pinhole(['lab', 'run', path, '--seeds', '4', '--threads', threads, '-o', 'json']))
        .stdout;
    const [one, two] = [await run('1'), await run('2')];
    expect(two).toBe(one);
    expect(zLabResult.parse(JSON.parse(one))).toEqual(JSON.parse(one));
    const { digest, ...result } = JSON.parse(one);
    expect(digest).toBe(digestOf(result));
    expect(result.notes[0]).toBe('4 seeds are too few for a spread; take 8 or more.');
  });

  it('writes a report with the result inside, whatever its texts are', async () => {
    const html = join(folder, 'report.html');
    const about = '</script><script>alert(1)</script> $& <!--';
    const path = file('h.yaml', `${small}about: '${about}'\n`);
    const words = ['lab', 'run', path, '--seeds', '2', '--strategy', 'refuse', '--html', html];
    const { code, stdout } = await pinhole([...words, '-o', 'json']);
    expect(code).toBe(0);
    const text = readFileSync(html, 'utf8');
    const template = reportTemplate();
    const scripts = (of: string) => of.split('</script>').length;
    expect(scripts(text)).toBe(scripts(template));
    const [, inside = ''] = /id="lab-result">(.*?)<\/script>/s.exec(text) ?? [];
    expect(JSON.parse(inside)).toEqual(JSON.parse(stdout));
    expect(JSON.parse(inside).workload.about).toBe(about);
  });

  it('says which file it cannot write', async () => {
    const words = 'lab run gup-two-pages --seeds 1 --strategy refuse --html';
    const { code, stderr } = await pinhole([...words.split(' '), join(folder, 'none/r.html')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/none\/r\.html cannot be written: ENOENT/);
  });

  it('writes every figure as CSV', async () => {
    const csv = join(folder, 'figures.csv');
    const words = ['lab', 'run', file('c.yaml', small), '--seeds', '2', '--csv', csv, '-o', 'json'];
    const { code, stdout } = await pinhole([...words, '--strategy', 'refuse', 'busy-extents']);
    expect(code).toBe(0);
    const text = readFileSync(csv, 'utf8');
    expect(text).toBe(csvOf(JSON.parse(stdout)));
    const [header = '', ...rows] = text.trim().split('\n');
    expect(header).toBe(
      'strategy,group,figure,unit,median,q1,q3,low,high,difference,differenceLow,differenceHigh',
    );
    const failed = rows.filter((row) => row.startsWith('refuse,caller,failed,count,'));
    expect(failed.length).toBe(1);
    expect(Number(failed[0]?.split(',')[4])).toBeGreaterThan(0);
    expect(
      rows.filter((row) => row.startsWith('busy-extents,caller,failed,count,0,')),
    ).toHaveLength(1);
  });

  it('has a table for each point of a sweep, and its value in the CSV', async () => {
    const csv = join(folder, 'sweep.csv');
    const swept = `${small}sweep: { actors.nic.loop.hold.exponential: [1, 20] }\n`;
    const words = ['lab', 'run', file('w.yaml', swept), '--seeds', '2', '--csv', csv];
    const { code, stdout } = await pinhole([...words, '--strategy', 'break-layouts']);
    expect(code).toBe(0);
    expect(stdout).toContain('actors.nic.loop.hold.exponential = 1\n');
    expect(stdout).toContain('actors.nic.loop.hold.exponential = 20\n');
    const rows = readFileSync(csv, 'utf8').trim().split('\n');
    expect(rows[0]).toMatch(/^actors\.nic\.loop\.hold\.exponential,strategy,/);
    expect(new Set(rows.slice(1).map((row) => row.split(',')[0]))).toEqual(new Set(['1', '20']));
  });

  it.each([
    ['an unknown operation', small.replace('punch-hole', 'punch-hol'), /line 11.*punch-hole/],
    ['an unknown file', small.replace('pin: { file: a', 'pin: { file: b'), /line 7.*"b"/],
    ['a text that is no YAML', 'name: [', /line 1|line 2/],
  ])('says where %s is', async (_, text, message) => {
    const { code, stdout, stderr } = await pinhole(['lab', 'run', file('bad.yaml', text)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it.each([
    ['lab run direct-oi', /did you mean direct-io\?/],
    ['lab run direct-io --seeds 0', /seeds.*from 1/],
    ['lab run direct-io --seeds few', /whole number/],
    ['lab run direct-io --strategy breaklayouts', /did you mean "break-layouts"/],
    ['lab show nope', /the presets are/],
    ['lab import /nonexistent', /cannot be read/],
    ['lab import test/fixtures/lab/rdma.ftrace.txt', /--begin and --end/],
  ])('"pinhole %s" is a usage error', async (words, message) => {
    const { code, stderr } = await pinhole(words);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

it('a preset that is shown can be run from stdin', async () => {
  const { stdout } = await pinhole('lab show gup-two-pages');
  const again = await pinhole('lab run - --seeds 1 --strategy none', { stdin: stdout });
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/^gup-two-pages: 1 seeds/);
});

it('a trace becomes a workload; the summary is for a person', async () => {
  const made = await pinhole('lab import test/fixtures/lab/fio.trace-cmd.txt --name fio');
  expect(made.code).toBe(0);
  expect(made.stderr).toMatch(/^240 holds from block_rq_issue to block_rq_complete of 4 threads/);
  const ran = await pinhole('lab run - --seeds 1 --strategy none', { stdin: made.stdout });
  expect(ran.code).toBe(0);
});

it.each([
  [0, 'ms', '0'],
  [0.0945, 'ms', '94.5 µs'],
  [3.1, 'ms', '3.1 ms'],
  [3712.4, 'ms', '3.71 s'],
  ['never', 'ms', 'never'],
  [0.021, 'share', '2.1 %'],
  [10_240, 'bytes', '10 KiB'],
  [9 * 2 ** 20, 'byte-seconds', '9 MiB·s'],
  [1234, 'count', '1230'],
] as const)('%j %s is shown as %s', (value, unit, text) => expect(shown(value, unit)).toBe(text));
