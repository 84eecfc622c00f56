// The exports of a range of events follow the rules of trace_processor for JSON, and the field
// names of the Linux tracepoints for ftrace.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fs, must, type Service, start } from './start.ts';

let service: Service;
beforeEach(async () => {
  service = await start();
});
afterEach(() => service.close());

interface TraceEvent {
  ph: 'M' | 'B' | 'E' | 'X' | 'i' | 's' | 'f' | 'b' | 'e';
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  name: string;
  cat?: string;
  id?: number;
  args: Record<string, unknown>;
}

/**
 * S01: get_user_pages of pages 0 and 1 against a punch of both, the second page while the punch
 * sleeps.
 */
async function s01(strategy: object, kind = 'xfs', more: object = {}): Promise<void> {
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: { name: 'scratch', sizeBytes: 1_048_576, clock: 'manual', kind, strategy, ...more },
  });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
  await must(service, 200, 'PUT', `${fs}/files/a/content`, { bytes: Buffer.alloc(32_768, 'a') });
  await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
    json: { offset: 0, length: 32_768, access: 'read-write' },
  });
  const pin = (offset: number) => ({
    json: { offset, length: 4096, access: 'write', owner: 'G' },
    headers: { prefer: 'respond-async' },
  });
  await must(service, 202, 'POST', `${fs}/mappings/map_1/pins`, pin(0));
  await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, {
    json: { offset: 0, length: 8192 },
    headers: { prefer: 'respond-async' },
  });
  await must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 7 } });
  await must(service, 202, 'POST', `${fs}/mappings/map_1/pins`, pin(4096));
}
const release = async () => {
  for (const pin of ['pin_1', 'pin_2']) await must(service, 200, 'DELETE', `${fs}/pins/${pin}`);
};

async function perfetto(query = ''): Promise<TraceEvent[]> {
  const { json, headers } = await must(service, 200, 'GET', `${fs}/trace${query}`);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(Object.keys(json)).toEqual(['traceEvents', 'displayTimeUnit']);
  return json.traceEvents;
}

/** What trace_processor would complain of. Gives the slices of each track with their depth. */
function slicesOf(
  events: TraceEvent[],
): { track: string; name: string; begin: number; end: number; depth: number }[] {
  const open = new Map<string, { name: string; begin: number }[]>();
  const slices: ReturnType<typeof slicesOf> = [];
  const last = new Map<string, number>();
  for (const { ph, pid, tid, ts, dur = 0, name } of events) {
    if (ph === 'M') continue;
    const track = `${pid} ${tid}`;
    expect(Number.isInteger(ts)).toBe(true);
    expect(ts, `order of ${track}`).toBeGreaterThanOrEqual(last.get(track) ?? 0);
    last.set(track, ts);
    const stack = open.get(track) ?? [];
    open.set(track, stack);
    if (ph === 'B') stack.push({ name, begin: ts });
    else if (ph === 'E') {
      const slice = stack.pop();
      expect(slice, `an end without a beginning on ${track}`).toBeDefined();
      if (slice !== undefined) slices.push({ track, ...slice, end: ts, depth: stack.length });
    } else if (ph === 'X')
      slices.push({ track, name, begin: ts, end: ts + dur, depth: stack.length });
  }
  expect([...open.values()].flat()).toEqual([]);
  // Two slices of a track are apart, or one is inside the other.
  for (const a of slices) {
    for (const b of slices) {
      if (a === b || a.track !== b.track || a.begin > b.begin) continue;
      expect(
        b.begin >= a.end || b.end <= a.end || (a.begin === b.begin && a.end <= b.end),
        `${a.name} and ${b.name}`,
      ).toBe(true);
    }
  }
  return slices;
}

function flowsOf(
  events: TraceEvent[],
  slices: ReturnType<typeof slicesOf>,
): { from: string; to: string }[] {
  const begins = events.filter(({ ph }) => ph === 's');
  const ends = events.filter(({ ph }) => ph === 'f');
  expect(ends.map(({ id }) => id)).toEqual(begins.map(({ id }) => id));
  expect(new Set(begins.map(({ id }) => id)).size).toBe(begins.length);
  const inSlice = ({ pid, tid, ts }: TraceEvent) =>
    slices.some(({ track, begin, end }) => track === `${pid} ${tid}` && begin <= ts && ts <= end);
  return begins.map((begin, i) => {
    const end = ends[i] as TraceEvent;
    expect(begin.name).toBe(end.name);
    expect(begin.cat).toBe(end.cat);
    expect(begin.ts).toBeLessThanOrEqual(end.ts);
    expect([inSlice(begin), inSlice(end)]).toEqual([true, true]);
    return { from: `${begin.pid} ${begin.tid}`, to: `${end.pid} ${end.tid}` };
  });
}

describe('the Perfetto export of S01', () => {
  it('under break-layouts: slices nest, flows pair, from the unpin to the punch', async () => {
    await s01({ name: 'break-layouts', idleRule: 'fixed' });
    await release();
    const events = await perfetto();
    const slices = slicesOf(events);
    const names = new Map(
      events
        .filter(({ ph, name }) => ph === 'M' && name === 'thread_name')
        .map(({ pid, tid, args }) => [`${pid} ${tid}`, args.name]),
    );
    const punch = [...names].find(([, name]) => String(name).includes('punch-hole'))?.[0];
    expect(
      slices
        .filter(({ track }) => track === punch)
        .filter(({ name }) => name === 'punch-hole' || name.startsWith('S: ')),
    ).toMatchObject([
      { name: 'S: page 2', depth: 1 },
      { name: 'S: page 3', depth: 1 },
      { name: 'punch-hole', depth: 0 },
    ]);
    const flows = flowsOf(events, slices);
    expect(flows.map(({ to }) => to)).toEqual([punch, punch]);
    expect(new Set(flows.map(({ from }) => from)).size).toBe(2);
    const pins = slices.filter(({ track, depth }) => track.startsWith('2 ') && depth === 0);
    expect(pins.map(({ track, name }) => [names.get(track), name])).toEqual([
      ['pin_1 direct-io of G', 'direct-io'],
      ['pin_2 direct-io of G', 'direct-io'],
    ]);
    const asleep = slices.find(({ name }) => name === 'S: page 2');
    expect((asleep?.end ?? 0) - (asleep?.begin ?? 0)).toBeGreaterThanOrEqual(6900);
  });

  it('under wait-for-refs: the deadlock is there, and what is still open is closed', async () => {
    await s01({ name: 'wait-for-refs' });
    const events = await perfetto();
    const slices = slicesOf(events);
    expect(slices.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['S: page 2', 'D: invalidate_lock', 'deadlock.detected']),
    );
    expect(flowsOf(events, slices)).toEqual([]);
  });

  it('has a slice for each lock that is held, on a track of its own', async () => {
    await s01({ name: 'break-layouts', idleRule: 'fixed' }, 'xfs', { events: 'detailed' });
    const events = await perfetto();
    slicesOf(events);
    const begins = events.filter(({ ph }) => ph === 'b');
    const ends = events.filter(({ ph }) => ph === 'e');
    expect(begins.map(({ name }) => name)).toContain('i_rwsem of a, exclusive');
    expect(ends.map(({ id }) => id).sort()).toEqual(begins.map(({ id }) => id).sort());
  });

  it('of any part of the log is a trace as well', async () => {
    await s01({ name: 'break-layouts', idleRule: 'fixed' }, 'xfs', { events: 'detailed' });
    await release();
    const { epoch, nextSeq } = service.context.engine.find('default', 'scratch')?.ring ?? {
      epoch: '',
      nextSeq: 0,
    };
    for (let seq = 0; seq < nextSeq; seq += 1) {
      const from = await perfetto(`?from=${epoch}.${seq}`);
      flowsOf(from, slicesOf(from));
      const to = await perfetto(`?to=${epoch}.${seq}`);
      flowsOf(to, slicesOf(to));
    }
  });
});

describe('the ftrace text of S01', () => {
  const text = async () => {
    const answer = await must(service, 200, 'GET', `${fs}/trace?format=ftrace`);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    const lines = answer.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of lines)
      expect(line).toMatch(/^ *[\w/:-]+-\d+ +\[000\] \.{5} +\d+\.\d{6}: [a-z0-9_]+: ?.*$/);
    // The clock is manual and stands still for most lines; their order must not be lost.
    const times = lines.map((line) => Number(/(\d+\.\d{6}): /.exec(line)?.[1]));
    for (const [i, time] of times.entries())
      if (i > 0) expect(time).toBeGreaterThan(times[i - 1] ?? 0);
    expect(answer.text).toMatch(/^# tracer: nop\n#\n# .*milliseconds/);
    return lines.map((line) => line.replace(/^.*?\d+\.\d{6}: /, ''));
  };

  it('has the tracepoints of fs_dax, sched and xfs with their fields', async () => {
    await s01({ name: 'break-layouts', idleRule: 'fixed' });
    await release();
    const lines = await text();
    const flags = 'WRITE|ALLOW_RETRY|KILLABLE|USER';
    expect(lines).toContain(
      `dax_pte_fault_done: dev 259:0 ino 0x2 shared ${flags} address 0x7f0000000000 pgoff 0x0 NOPAGE`,
    );
    expect(lines).toContain('dax_break_layout_wait: dev 259:0 ino 0x2 pgoff 0x0 pfn 0x2 pins 1');
    expect(lines).toContain(
      'sched_switch: prev_comm=punch-hole prev_pid=5 prev_prio=120 prev_state=S ==> next_comm=swapper/0 next_pid=0 next_prio=120',
    );
    expect(lines).toContain('dax_page_idle: pfn 0x2');
    expect(lines).toContain('sched_wakeup: comm=punch-hole pid=5 prio=120 target_cpu=000');
    expect(lines).toContain(
      'dax_break_layout_done: dev 259:0 ino 0x2 offset 0x0 length 0x2000 scans 3',
    );
  });

  it('keeps the milliseconds of the clock, and names the operation on each line', async () => {
    await s01({ name: 'break-layouts', idleRule: 'fixed' });
    await release();
    const answer = await must(service, 200, 'GET', `${fs}/trace?format=ftrace`);
    expect(answer.text).toMatch(/ punch-hole-5 .* 0\.0000\d\d: pinhole_task_blocked: /);
    expect(answer.text).toMatch(/ clock-advance-6 .* 0\.00\d{4}: pinhole_clock_advanced: /);
    expect(answer.text).toMatch(/ unpin-8 .* 0\.0070\d\d: pinhole_page_unpinned: .* runs=2\+1/);
    expect(answer.text).not.toContain('[object');
  });

  it('has the locks under the names of lockdep, where the filesystem tells of them', async () => {
    await s01({ name: 'break-layouts', idleRule: 'fixed' }, 'xfs', { events: 'detailed' });
    const lines = await text();
    expect(lines).toContain('lock_acquired: 0xffff888000000950 &sb->s_type->i_mutex_key');
    expect(lines).toContain('lock_release: 0xffff888000000aa0 mapping.invalidate_lock');
  });

  it('has the busy list of XFS', async () => {
    await s01({ name: 'break-layouts', idleRule: 'fixed' });
    await must(service, 200, 'PUT', `${fs}/strategy`, { json: { name: 'busy-extents' } });
    await release();
    const lines = await text();
    expect(lines).toContain('xfs_extent_busy: dev 259:0 agno 0x0 agbno 0x2 fsbcount 0x2');
    expect(
      lines.filter((line) =>
        line.startsWith('xfs_extent_busy_clear: dev 259:0 agno 0x0 agbno 0x2 fsbcount '),
      ).length,
    ).toBeGreaterThan(0);
  });

  it('has the free of ext4', async () => {
    await s01({ name: 'break-layouts', idleRule: 'fixed' }, 'ext4');
    await release();
    expect(await text()).toContain(
      'ext4_free_blocks: dev 259,0 ino 2 mode 0100644 block 2 count 2 flags VALIDATED|1ST_CLUSTER|LAST_CLUSTER',
    );
  });
});

it('a range that is no longer stored is a gap, and a meaningless query is refused', async () => {
  await s01({ name: 'break-layouts', idleRule: 'fixed' });
  await must(service, 410, 'GET', `${fs}/trace?from=0123456789abcdef.1`);
  await must(service, 400, 'GET', `${fs}/trace?format=pcap`);
  await must(service, 400, 'GET', `${fs}/trace?colour=red`);
  await must(service, 404, 'GET', '/v1/filesystems/other/trace');
});
