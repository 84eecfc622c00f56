// A bar for long work, on a terminal only.
import cliProgress from 'cli-progress';
import type { Io } from './io.ts';

export interface Progress {
  /** `done` of `all` are done. */
  at(done: number, all: number): void;
  end(): void;
}

const silent: Progress = { at() {}, end() {} };

export function progressOf({ stderr }: Io, what: string): Progress {
  if (stderr.isTTY !== true) return silent;
  const bar = new cliProgress.SingleBar({
    stream: stderr,
    format: `${what} {bar} {value}/{total}, about {eta_formatted} left`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(1, 0);
  return {
    at(done, all) {
      bar.setTotal(all);
      bar.update(done);
    },
    end: () => bar.stop(),
  };
}
