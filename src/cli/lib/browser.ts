// Opens a URL in the browser of the person.
import { spawn } from 'node:child_process';
import type { Io } from './io.ts';

const openers: Readonly<Partial<Record<NodeJS.Platform, string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', '""'],
};

/** Resolves with false if there is no browser. BROWSER comes first, as for other programs. */
export function browse({ env }: Io, url: string): Promise<boolean> {
  const [program = '', ...words] =
    env.BROWSER === undefined || env.BROWSER === ''
      ? (openers[process.platform] ?? ['xdg-open'])
      : [env.BROWSER];
  return new Promise((resolve) => {
    const opened = spawn(program, [...words, url], { stdio: 'ignore', detached: true });
    // The timer keeps the process alive until then, the browser does not.
    const enough = setTimeout(() => end(true), startsWithinMs);
    const end = (isOpen: boolean): void => {
      clearTimeout(enough);
      opened.unref();
      resolve(isOpen);
    };
    opened.once('error', () => end(false));
    // xdg-open ends with 3 where it finds no browser; a browser itself may run for hours.
    opened.once('exit', (code) => end(code === 0));
  });
}

const startsWithinMs = 3000;
