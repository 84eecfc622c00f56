// A range of the log as the text of ftrace. Events for which Linux has a tracepoint carry its name
// and its fields (include/trace/events/fs_dax.h, lock.h, sched.h, fs/xfs/xfs_trace.h, ext4.h).
// Linux has none for waits for a layout; those are dax_break_layout_wait, dax_break_layout_done and
// dax_page_idle. All others are named pinhole_….
import type { KernelEvent } from '../../kernel/events.ts';
import type { Kernel } from '../../kernel/state.ts';

const header = `# tracer: nop
#
# The clock of the simulated machine has milliseconds. Lines of the same millisecond are 1 us apart,
# in the order of the events: their microseconds are no durations.
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#           TASK-PID     CPU#  |||| TIMESTAMP  FUNCTION
#              | |         |   ||||    |         |
`;

/** Whole numbers, because a double of seconds has no exact microseconds after some years. */
const secondsOf = (us: number): string =>
  `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`;
const hex = (value: number): string => `0x${value.toString(16)}`;
/** The device number of the first pmem device, in the format of each filesystem. */
const xfs = 'dev 259:0';
const ext4 = 'dev 259,0';
/** A made-up address at which the simulated process maps page `pgoff` of a file. */
const addressOf = (pgoff: number): string => hex(0x7f00_0000_0000 + pgoff * 4096);
/** The names of lockdep, and a made-up address of the lock in the inode. */
const lockClass = {
  i_rwsem: '&sb->s_type->i_mutex_key',
  invalidate_lock: 'mapping.invalidate_lock',
} as const;
const lockAddress = (ino: number, lock: keyof typeof lockClass): string =>
  `0xffff8880${(ino * 1024 + (lock === 'i_rwsem' ? 0x150 : 0x2a0)).toString(16).padStart(8, '0')}`;
const yes = (value: boolean): number => (value ? 1 : 0);

export class Ftrace {
  readonly #kernel: Kernel;
  readonly #removedFrom = new Map<number, number>();
  #began = false;
  #us = -1;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  add({ event }: { event: KernelEvent }): string {
    // The event that frees an extent does not name its inode, so it is remembered here.
    if (event.type === 'extent.removed') this.#removedFrom.set(event.task, event.ino);
    const comm = event.task === 0 ? 'kworker/0:1' : (event.op ?? 'pinhole');
    const task = `${comm.slice(0, 16)}-${event.task}`.padStart(22);
    const lines = this.#functions(event).map((text) => {
      this.#us = Math.max(this.#us + 1, event.timeMs * 1000);
      return `${task} [000] ..... ${secondsOf(this.#us).padStart(12)}: ${text}\n`;
    });
    const head = this.#began ? '' : header;
    this.#began = true;
    return head + lines.join('');
  }

  end(): string {
    return this.#began ? '' : header;
  }

  #functions(event: KernelEvent): string[] {
    const ino = event.ino === 0 ? (this.#removedFrom.get(event.task) ?? 0) : event.ino;
    const { kind } = this.#kernel.geometry;
    switch (event.type) {
      case 'page.faulted': {
        const { pgoff, access, result } = event.data;
        const flags = `${access === 'write' ? 'WRITE|' : ''}ALLOW_RETRY|KILLABLE|USER`;
        const said = result === 'MAJOR' ? 'MAJOR|NOPAGE' : result;
        return [
          `dax_pte_fault_done: ${xfs} ino ${hex(ino)} shared ${flags} ` +
            `address ${addressOf(pgoff)} pgoff ${hex(pgoff)} ${said}`,
        ];
      }
      case 'page.pmd_faulted': {
        const { pgoff, access, result } = event.data;
        const flags = `${access === 'write' ? 'WRITE|' : ''}ALLOW_RETRY|KILLABLE|USER`;
        return [
          `dax_pmd_fault_done: ${xfs} ino ${hex(ino)} shared ${flags} ` +
            `address ${addressOf(pgoff)} pgoff ${hex(pgoff)} ${result}`,
        ];
      }
      case 'extent.busy': {
        const { pfn, pages } = event.data;
        if (kind !== 'xfs') break;
        return [`xfs_extent_busy: ${xfs} agno 0x0 agbno ${hex(pfn)} fsbcount ${hex(pages)}`];
      }
      case 'extent.freed': {
        const { pfn, pages, from } = event.data;
        if (kind === 'xfs' && from === 'busy')
          return [
            `xfs_extent_busy_clear: ${xfs} agno 0x0 agbno ${hex(pfn)} fsbcount ${hex(pages)}`,
          ];
        if (kind !== 'ext4') break;
        const flags = 'VALIDATED|1ST_CLUSTER|LAST_CLUSTER';
        return [
          `ext4_free_blocks: ${ext4} ino ${ino} mode 0100644 block ${pfn} count ${pages} ` +
            `flags ${flags}`,
        ];
      }
      case 'file.evicted':
        if (kind !== 'ext4') break;
        return [`ext4_evict_inode: ${ext4} ino ${event.data.ino} nlink 0`];
      case 'layout.busy': {
        const { pfn, pgoff, pins } = event.data;
        return [
          `dax_break_layout_wait: ${xfs} ino ${hex(ino)} pgoff ${hex(pgoff)} pfn ${hex(pfn)} ` +
            `pins ${pins}`,
        ];
      }
      case 'layout.broken': {
        const { offset, length, scans } = event.data;
        return [
          `dax_break_layout_done: ${xfs} ino ${hex(ino)} offset ${hex(offset)} ` +
            `length ${hex(length)} scans ${scans}`,
        ];
      }
      case 'lock.acquired':
        return [
          `lock_acquired: ${lockAddress(ino, event.data.lock)} ${lockClass[event.data.lock]}`,
        ];
      case 'lock.released':
        return [`lock_release: ${lockAddress(ino, event.data.lock)} ${lockClass[event.data.lock]}`];
      case 'page.idle':
        return [`dax_page_idle: pfn ${hex(event.data.pfn)}`];
      case 'task.blocked': {
        const { op, state } = event.data;
        const prev = `prev_comm=${op} prev_pid=${event.task} prev_prio=120 prev_state=${state}`;
        return [
          plain(event),
          `sched_switch: ${prev} ==> next_comm=swapper/0 next_pid=0 next_prio=120`,
        ];
      }
      case 'task.woken':
        return [`sched_wakeup: comm=${event.data.op} pid=${event.task} prio=120 target_cpu=000`];
    }
    return [plain(event)];
  }
}

/** A tracepoint that Linux does not have; its fields are in the order of the table. */
function plain({ type, data }: KernelEvent): string {
  const fields = Object.entries(data).map(
    ([key, value]) => `${key}=${typeof value === 'boolean' ? yes(value) : text(value)}`,
  );
  return [`pinhole_${type.replaceAll('.', '_')}:`, ...fields].join(' ');
}

const text = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(text).join(',') || '-';
  if (value === null || value === undefined) return '-';
  if (typeof value === 'object') return Object.values(value).map(text).join('+');
  return String(value).replace(/\s+/g, '_');
};
