// TAB in real bash, zsh and fish, each on a pseudo-terminal. They run the built command.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { python } from './needs.ts';
import { type Running, startVolatile } from './server.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinhole-completion-'));
const main = resolve(import.meta.dirname, '../../dist/main.js');
let server: Running;
beforeAll(async () => {
  server = await startVolatile();
  writeFileSync(join(folder, 'pinhole'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(join(folder, 'pinhole'), 0o755);
  await server.call('POST', '/v1/filesystems', { name: 'scratchpad', sizeBytes: 1_048_576 });
  await server.call('POST', '/v1/filesystems/scratchpad/files', { name: 'letters' });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

let shell: ChildProcess | null = null;
afterEach(() => {
  shell?.kill('SIGKILL');
  shell = null;
});

/** Python's pty gives the shell a terminal; what it shows comes back. */
function open(argv: readonly string[]) {
  const bridge = 'import pty, sys; pty.spawn(sys.argv[1:])';
  const child = spawn(python, ['-c', bridge, ...argv], {
    cwd: folder,
    env: {
      PATH: `${folder}:/usr/local/bin:/usr/bin:/bin`,
      HOME: folder,
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      PINHOLE_URL: server.base,
      PINHOLE_FS: 'scratchpad',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  shell = child;
  let shown = '';
  child.stdout.on('data', (data: Buffer) => {
    shown += data.toString();
  });
  return {
    type: (keys: string) => void child.stdin.write(keys),
    /** Waits until the terminal shows it, and forgets what is before. */
    async shows(text: RegExp): Promise<void> {
      await expect.poll(() => shown, { timeout: 60_000 }).toMatch(text);
      shown = shown.slice(shown.search(text));
      shown = shown.replace(text, '');
    },
  };
}

const between = String.raw`(?:\u001b\[[0-9;?]*[a-zA-Z]|[\u0000-\u001f]| )*`;

/** The prompt, written so that the line that sets it does not show it. */
const prompt = "re''ady>";

it.each([
  [
    'bash',
    ['bash', '--norc', '--noprofile', '-i'],
    `source <(pinhole completion bash); PS1='${prompt} '`,
  ],
  [
    'zsh',
    ['zsh', '-f', '-i'],
    `autoload -U compinit; compinit -u -D; source <(pinhole completion zsh); PROMPT='${prompt} '`,
  ],
  [
    'fish',
    ['fish', '--no-config', '-i'],
    `pinhole completion fish | source; function fish_prompt; echo -n '${prompt} '; end`,
  ],
])(
  '%s completes subcommands, options, and names that the server knows',
  async (name, argv, setUp) => {
    const terminal = open(argv);
    // A key that is typed before the prompt is not a key of the shell.
    const ready = () => terminal.shows(/ready>/);
    terminal.type(`stty rows 40 cols 200; ${setUp}\r`);
    await ready();

    terminal.type('pinhole fs sh\t');
    await terminal.shows(/pinhole fs show/);
    terminal.type('scr\t');
    await terminal.shows(/scratchpad/);
    terminal.type('\r');
    await terminal.shows(new RegExp(`kind${between}xfs of Linux`));
    await ready();

    terminal.type('pinhole file show let\t');
    await terminal.shows(/letters/);
    terminal.type('\r');
    await terminal.shows(new RegExp(`name${between}letters`));
    await ready();

    terminal.type(`pinhole fs create made-${name} 1M --ki\t`);
    await terminal.shows(/--kind/);
    terminal.type('ext2\r');
    await terminal.shows(new RegExp(`kind${between}ext2 of Linux`));
  },
);
