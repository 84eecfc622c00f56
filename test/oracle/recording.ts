// What Linux answered to a schedule, so that it can be compared again without a guest: a head, then
// a line for each command and its answer.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Linux } from './play.ts';
import type { Schedule } from './schedule.ts';

export class Recorder implements Linux {
  readonly #linux: Linux;
  readonly #said: string[] = [];

  constructor(linux: Linux) {
    this.#linux = linux;
  }

  async ask<T>(command: string): Promise<T> {
    const answer = await this.#linux.ask<T>(command);
    this.#said.push(JSON.stringify([command, answer]));
    return answer;
  }

  write(path: string, schedule: Schedule, release: string): void {
    const head = JSON.stringify({ release, ...schedule });
    writeFileSync(path, `${[head, ...this.#said].join('\n')}\n`);
  }
}

/** Answers as Linux did, as long as it is asked the same. */
export class Recorded implements Linux {
  readonly schedule: Schedule;
  readonly release: string;
  readonly #said: [command: string, answer: unknown][];
  #next = 0;

  constructor(path: string) {
    const [head = '', ...said] = readFileSync(path, 'utf8').trimEnd().split('\n');
    const { release, ...schedule } = JSON.parse(head);
    this.release = release;
    this.schedule = schedule;
    this.#said = said.map((line) => JSON.parse(line));
  }

  async ask<T>(command: string): Promise<T> {
    const [asked, answer] = this.#said[this.#next] ?? [];
    this.#next += 1;
    // Pinhole does not agree any more, or it looks at other times.
    if (asked !== command) throw new Error(`Linux was asked "${asked}" here, not "${command}"`);
    return answer as T;
  }
}
