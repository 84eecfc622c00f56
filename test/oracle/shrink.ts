// ddmin over the lines of a schedule: the shortest that still differs.
import type { Schedule } from './schedule.ts';

const triesMax = 150;

export async function shrunk(
  schedule: Schedule,
  differs: (shorter: Schedule) => Promise<boolean>,
): Promise<Schedule> {
  let { lines } = schedule;
  let tries = 0;
  for (let parts = 2; lines.length > 1 && tries < triesMax; ) {
    const size = Math.ceil(lines.length / parts);
    let shorter: string[] | null = null;
    for (let at = 0; at < lines.length && shorter === null && tries < triesMax; at += size) {
      const rest = [...lines.slice(0, at), ...lines.slice(at + size)];
      tries += 1;
      if (await differs({ ...schedule, lines: rest })) shorter = rest;
    }
    if (shorter !== null) {
      lines = shorter;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(lines.length, parts * 2);
  }
  return { ...schedule, lines };
}
