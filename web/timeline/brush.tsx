// All events in a strip; dragging over it chooses what the lanes show.
import { useRef } from 'preact/hooks';
import type { Range } from './plot.tsx';
import type { Scale } from './scale.ts';

const height = 22;
/** One bar for so many pixels: how many events happened there. */
const barWidth = 3;

export function Brush(props: {
  scale: Scale;
  range: Range;
  width: number;
  onRange: (range: Range) => void;
}) {
  const { scale, range, width, onRange } = props;
  const total = scale.end + 2;
  const toUnit = (pixel: number) => (pixel / width) * total - 1;
  const toPixel = (unit: number) => ((unit + 1) / total) * width;
  const begun = useRef<number | null>(null);
  const pixelOf = (event: PointerEvent) =>
    event.clientX - (event.currentTarget as Element).getBoundingClientRect().left;
  const counts = countsOf(scale, Math.max(1, Math.floor(width / barWidth)));
  const most = Math.max(1, ...counts);
  const [left, right] = [Math.max(0, toPixel(range.from)), Math.min(width, toPixel(range.to))];
  return (
    <svg
      class="brush"
      width={width}
      height={height}
      aria-hidden="true"
      onPointerDown={(event) => {
        begun.current = pixelOf(event);
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const from = begun.current;
        const to = pixelOf(event);
        if (from === null || Math.abs(to - from) < 4) return;
        onRange({ from: toUnit(Math.min(from, to)), to: toUnit(Math.max(from, to)) });
      }}
      onPointerUp={() => {
        begun.current = null;
      }}
    >
      {counts.map((count, at) =>
        count === 0 ? null : (
          <rect
            key={`bar ${at * barWidth}`}
            class="count"
            x={at * barWidth}
            width={barWidth - 1}
            y={height - 2 - (count / most) * (height - 6)}
            height={(count / most) * (height - 6)}
          />
        ),
      )}
      <rect class="window" x={left} width={Math.max(2, right - left)} y={0.5} height={height - 1} />
    </svg>
  );
}

function countsOf({ units, end }: Scale, bars: number): number[] {
  const counts = new Array<number>(bars).fill(0);
  for (const unit of units) {
    const bar = Math.min(bars - 1, Math.floor(((unit + 1) / (end + 2)) * bars));
    counts[bar] = (counts[bar] ?? 0) + 1;
  }
  return counts;
}
