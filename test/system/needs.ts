// Reports missing programs before the tests fail because of them.
import { spawnSync } from 'node:child_process';

/** Debian's own: another Python does not have its packages. */
export const python = '/usr/bin/python3';

export const works = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

export function setup(): void {
  const missing = [
    ...(works('prometheus', '--version') && works('promtool', '--version') ? [] : ['prometheus']),
    ...(works(python, '-c', 'import websockets') ? [] : ['python3-websockets']),
    ...(works('strace', '--version') ? [] : ['strace']),
    ...(works('dpkg', '-s', 'libfaketime') ? [] : ['faketime']),
    ...(works('zsh', '--version') ? [] : ['zsh']),
    ...(works('fish', '--version') ? [] : ['fish']),
  ];
  if (missing.length > 0)
    throw new Error(`test:system needs: apt-get install ${missing.join(' ')}`);
}
