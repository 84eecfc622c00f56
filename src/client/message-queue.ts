// Messages that have arrived and were not read yet.
import type { Message } from './stream.ts';

export class MessageQueue {
  readonly #waiting: Message[] = [];
  readonly #onEmpty: () => void;
  #over = false;
  #wake: (() => void) | null = null;

  /** `onEmpty` is called when the reader has taken the last message. */
  constructor(onEmpty: () => void = () => {}) {
    this.#onEmpty = onEmpty;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(message: Message): void {
    this.#waiting.push(message);
    this.#wake?.();
  }

  /** No message follows. */
  end(): void {
    this.#over = true;
    this.#wake?.();
  }

  async *messages(): AsyncGenerator<Message, void, void> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        if (this.#waiting.length === 0) this.#onEmpty();
        yield message;
      } else if (this.#over) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    }
  }
}

/** Adds to `end` what a message says about the end of its connection. */
export function noteEnd(end: { why: string; oldest: string | null }, message: Message): void {
  if (message.type === 'gap') end.oldest = message.oldest;
  if (message.type === 'error') end.why = message.problem.detail;
}
