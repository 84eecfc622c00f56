// A guest: QEMU with one real kernel, an emulated pmem device and the agent of guest/agent.c. One
// command is under way at a time; the agent answers each with a line of JSON.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { Kind, LinuxVersion } from '../../src/kernel/state.ts';

export interface Box {
  kind: Extract<Kind, 'xfs' | 'ext4'>;
  kernel: LinuxVersion;
}

/** What the agent sees of a task: it is in a call, or its last call returned; {} before the first. */
export type TaskSeen =
  | { state: 'R' | 'S' | 'D' | string; at: string }
  | { ret: number; errno: string; hash?: number }
  | Record<string, never>;

export interface Seen {
  tasks: TaskSeen[];
  /** st_size and st_blocks by name. */
  files: Record<string, [sizeBytes: number, blocks512: number]>;
  /** f_bfree. */
  free: number;
}

export type Contents = Record<
  string,
  {
    extents: [page: number, pages: number, unwritten: number][];
    hashes: [hash: number, times: number][];
  }
>;

const bootMs = 300_000;
const answerMs = 120_000;

export class GuestLost extends Error {
  override readonly name = 'GuestLost';
}

export class Guest {
  readonly #qemu: ChildProcess;
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;
  #said = '';

  private constructor(qemu: ChildProcess, socket: Socket, folder: string) {
    this.#qemu = qemu;
    this.#socket = socket;
    this.#folder = folder;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    qemu.stdout?.on('data', (text: Buffer) => {
      this.#said = (this.#said + text.toString()).slice(-20_000);
    });
  }

  static async boot(packages: string, { kind, kernel }: Box): Promise<Guest> {
    const folder = mkdtempSync(join(tmpdir(), 'oracle-'));
    const path = join(folder, 'port');
    const root = join(packages, 'root/usr');
    const libraries = [join(root, 'lib/x86_64-linux-gnu'), join(root, '../lib/x86_64-linux-gnu')];
    const qemu = spawn(
      join(root, 'bin/qemu-system-x86_64'),
      [
        ...['-L', join(root, 'share/qemu'), '-L', join(root, 'share/seabios')],
        ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '3G'],
        ...['-nographic', '-no-reboot', '-nic', 'none'],
        ...['-chardev', `socket,id=port,path=${path},server=on,wait=off`],
        ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=port'],
        ...['-kernel', vmlinuzOf(packages, kernel)],
        ...['-initrd', join(packages, `image-${kernel}.gz`)],
        ...['-append', `console=ttyS0 memmap=1G!1G fs=${kind} panic=5 mitigations=off quiet`],
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, LD_LIBRARY_PATH: libraries.join(':') },
      },
    );
    const until = Date.now() + bootMs;
    while (!existsSync(path)) {
      if (qemu.exitCode !== null || Date.now() > until) throw new GuestLost('QEMU did not start');
      await wait(20);
    }
    const socket = connect(path);
    await once(socket, 'connect');
    const guest = new Guest(qemu, socket, folder);
    await guest.#answer(bootMs);
    return guest;
  }

  /** What the kernel said on its console. */
  get console(): string {
    return this.#said;
  }

  async ask<T = Seen>(command: string): Promise<T> {
    this.#socket.write(`${command}\n`);
    return (await this.#answer(answerMs)) as T;
  }

  async #answer(limitMs: number): Promise<unknown> {
    const late = new AbortController();
    const next = await Promise.race([
      this.#lines.next(),
      wait(limitMs, null, { signal: late.signal, ref: false }).catch(() => null),
    ]);
    late.abort();
    if (next === null || next.done === true)
      throw new GuestLost(`the guest does not answer; its console: ${this.#said.slice(-2000)}`);
    return JSON.parse(next.value);
  }

  async end(): Promise<void> {
    this.#socket.destroy();
    if (this.#qemu.exitCode === null) {
      const ended = once(this.#qemu, 'exit');
      this.#qemu.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true });
  }
}

function vmlinuzOf(packages: string, kernel: LinuxVersion): string {
  const root = join(packages, 'kernels.d', kernel);
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((path) =>
    /(^|\/)vmlinuz[^/]*$/.test(path),
  );
  if (found === undefined) throw new Error(`there is no kernel in ${root}`);
  return join(root, found);
}
