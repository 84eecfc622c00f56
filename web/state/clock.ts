// Times: a tick for texts like "3 s ago", and the time of the open filesystem.
import { computed, signal } from '@preact/signals';
import { connection, watched } from './watched.ts';

/** The wall clock, once a second. */
export const wallMs = signal(Date.now());
setInterval(() => {
  if (!document.hidden) wallMs.value = Date.now();
}, 1000);

/**
 * The time of the filesystem in ms. A realtime clock runs on between events, a manual one does not;
 * and neither does from when the server is gone, because nobody knows.
 */
export const filesystemMs = computed(() => {
  const now = watched.value;
  if (!now?.picture) return 0;
  const { nowMs, filesystem } = now.picture;
  if (filesystem?.clock !== 'realtime') return nowMs;
  const known = connection.value;
  if (known.state !== 'live' && known.state !== 'lost') return nowMs;
  const untilMs = known.state === 'live' ? wallMs.value : known.sinceMs;
  return nowMs + Math.max(0, untilMs - now.arrivedMs);
});
