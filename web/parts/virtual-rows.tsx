// A list of rows of one height, of which only those in sight are made. Rows of one height need no
// more than this arithmetic; a library would keep a record for each of 20,000 rows.
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import './virtual-rows.css';

/** Rows above and below those in sight, so that scrolling shows no empty rows. */
const more = 8;

export function VirtualRows(props: {
  label: string;
  count: number;
  rowPx: number;
  /** True: stays at the end as rows are added. Scrolling away from the end sets it to false. */
  follows: Signal<boolean>;
  /** A row to bring into sight; it becomes null when that is done. */
  wanted: Signal<number | null>;
  keyOf: (index: number) => string | number;
  children: (index: number) => ComponentChildren;
}) {
  const { count, rowPx, follows, wanted } = props;
  const element = useRef<HTMLElement>(null);
  const sight = useSignal({ top: 0, height: 600 });
  useEffect(() => {
    const seen = element.current;
    if (seen === null) return;
    const measure = () => {
      sight.value = { top: seen.scrollTop, height: seen.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(seen);
    measure();
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const seen = element.current;
    if (seen === null) return;
    if (wanted.value !== null) {
      follows.value = false;
      seen.scrollTop = Math.max(0, (wanted.value + 0.5) * rowPx - seen.clientHeight / 2);
      wanted.value = null;
    } else if (follows.value) seen.scrollTop = seen.scrollHeight;
  });
  const { top, height } = sight.value;
  const first = Math.max(0, Math.floor(top / rowPx) - more);
  const end = Math.min(count, Math.ceil((top + height) / rowPx) + more);
  const shown = Array.from({ length: Math.max(0, end - first) }, (_, n) => first + n);
  return (
    <section
      ref={element}
      class="virtual"
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard must reach it.
      tabIndex={0}
      data-arrows
      onScroll={({ currentTarget: seen }) => {
        sight.value = { top: seen.scrollTop, height: seen.clientHeight };
        follows.value = seen.scrollTop + seen.clientHeight >= seen.scrollHeight - 2 * rowPx;
      }}
    >
      <div class="virtual-all" style={{ height: `${count * rowPx}px` }}>
        <ol class="virtual-some" style={{ transform: `translateY(${first * rowPx}px)` }}>
          {shown.map((index) => (
            <li
              key={props.keyOf(index)}
              style={{ height: `${rowPx}px` }}
              aria-posinset={index + 1}
              aria-setsize={count}
            >
              {props.children(index)}
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
