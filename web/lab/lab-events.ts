// The events of the labs of the tenant, while a view shows them.
import { events } from 'pinhole/client';
import { askForToken, origin, token } from '../api/session.ts';

interface LabEvent {
  type: string;
  lab: string;
  done: number | null;
}

export interface LabListener {
  /** The stream has begun, at first or again: what was read before may be old. */
  onConnected(): void;
  /** The server does not answer; the stream begins again when it does. */
  onLost(): void;
  onEvent(event: LabEvent): void;
}

/** Follows them until it is stopped, which the returned function does. */
export function followLabs({ onConnected, onLost, onEvent }: LabListener): () => void {
  const abort = new AbortController();
  const given = token.peek();
  const follow = async () => {
    const stream = events({
      url: `${origin}/v1/events`,
      from: 'now',
      filter: { types: ['lab.*'] },
      onGap: 'continue',
      signal: abort.signal,
      delayMs: { min: 100, max: 2000 },
      onConnected: (connected) => {
        if (abort.signal.aborted) return;
        if (connected) onConnected();
        else onLost();
      },
      ...(given === null ? {} : { token: given }),
    });
    for await (const { type, data } of stream) {
      const { lab, done } = data as { lab?: unknown; done?: unknown };
      if (typeof lab === 'string')
        onEvent({ type, lab, done: typeof done === 'number' ? done : null });
    }
  };
  follow().catch((error: { code?: number }) => {
    if (abort.signal.aborted) return;
    if (error.code === 401 || error.code === 4401) askForToken();
    onLost();
  });
  return () => abort.abort();
}
