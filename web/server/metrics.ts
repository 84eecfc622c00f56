// Streams and journal are told only as metrics, in the text format of Prometheus, which has been
// stable for ten years: reading three lines of it is cheaper than a second home in the API.

export type Samples = ReadonlyMap<string, number>;

/** The samples by name and labels, as they are written: `x_total{reason="done"}`. */
export function samplesOf(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf('} ') + 1 || line.indexOf(' ');
    samples.set(line.slice(0, at), Number(line.slice(at + 1).split(' ', 1)[0]));
  }
  return samples;
}

export interface Figure {
  name: string;
  value: number;
  unit?: 'bytes' | 'seconds';
}

const figures: Record<'streams' | 'journal', [title: string, metric: string, Figure['unit']?][]> = {
  streams: [
    ['Open streams', 'pinhole_stream_clients'],
    ['Subscriptions', 'pinhole_stream_subscriptions'],
    ['Events that the slowest reader is behind', 'pinhole_stream_lag_events'],
    ['Events sent', 'pinhole_stream_events_sent_total'],
    ['Sent', 'pinhole_stream_sent_bytes_total', 'bytes'],
  ],
  journal: [
    ['Flushes', 'pinhole_journal_flush_duration_seconds_count'],
    ['Time of all flushes', 'pinhole_journal_flush_duration_seconds_sum', 'seconds'],
    ['Written', 'pinhole_journal_flushed_bytes_total', 'bytes'],
  ],
};

export const figuresOf = (samples: Samples, of: keyof typeof figures): Figure[] =>
  figures[of].flatMap(([name, metric, unit]) => {
    const value = samples.get(metric);
    if (value === undefined) return [];
    return [{ name, value, ...(unit === undefined ? {} : { unit }) }];
  });
