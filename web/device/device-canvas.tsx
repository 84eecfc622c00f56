// The map on a canvas: zoom by + and -, by the wheel with Ctrl; pan by the wheel and by dragging;
// arrow keys move a cursor over the frames, Enter selects.
import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { countText } from '../parts/words.ts';
import { fileMark } from '../state/file-marks.ts';
import { kindOf, pageId, pfnOf } from '../state/ids.ts';
import { hovered, lit, select, selected } from '../state/selection.ts';
import { watched } from '../state/watched.ts';
import { type Cells, cellsOf, differs, sameWindow } from './cells.ts';
import type { DeviceReading } from './device-map.ts';
import { drawCells } from './draw.ts';
import { changedFrames, drawOver, glowMs } from './draw-over.ts';
import { cellText, deviceText, frameText } from './frame-words.ts';
import {
  cellsInView,
  frameAt,
  heightOf,
  type Layout,
  type Level,
  layoutOf,
  levelsOf,
  levelThatFits,
  scrollMax,
  scrollTo,
} from './layout.ts';
import { palette, watchPalette } from './palette.ts';
import type { DeviceMap } from './segments.ts';

interface View {
  /** null: the level at which the device fits. */
  level: number | null;
  top: number;
}

const frameOf = (id: string | null): number | null =>
  id !== null && kindOf(id) === 'page' ? pfnOf(id) : null;

const nameOf = (ino: number): string | null =>
  watched.peek()?.picture?.files.get(ino)?.name ?? null;

/** The map below its heading, which says in words what is under the pointer. */
export function DeviceCanvas({
  reading,
  children,
}: {
  reading: DeviceReading;
  children: ComponentChildren;
}) {
  const area = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  const view = useSignal<View>({ level: null, top: 0 });
  const cursor = useSignal<number | null>(null);
  const said = useSignal('');
  useEffect(() => {
    watchPalette();
    const element = area.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const space = useComputed(() => {
    const pages = reading.map.value?.pages ?? 0;
    return { pages, ...size.value, scale: palette.value?.scale ?? 1 };
  });
  const layout = useComputed<Layout | null>(() => {
    if (space.value.pages === 0 || space.value.width === 0) return null;
    const levels = levelsOf(space.value);
    const level = levels[view.value.level ?? levelThatFits(space.value)] ?? levels.at(-1);
    if (level === undefined) return null;
    const found = layoutOf(space.value, level);
    return { ...found, height: Math.min(found.height, heightOf(found)) };
  });
  const move = moving({
    layout,
    view,
    cursor,
    reading,
    levels: () => levelsOf(space.peek()),
  });
  const text = useComputed(() => {
    const map = reading.map.value;
    if (map === null) return 'Reading the map…';
    const pfn = frameOf(hovered.value) ?? cursor.value ?? frameOf(selected.value);
    if (pfn === null || pfn >= map.pages) return deviceText(map);
    const { per = 1 } = layout.value ?? {};
    return per === 1 ? frameText(map, pfn, nameOf) : cellText(map, pfn - (pfn % per), per);
  });
  useSignalEffect(() => {
    if (cursor.value !== null) said.value = text.value;
  });
  return (
    <>
      <header>
        <h2>Device</h2>
        <p class="mono small device-text" title={text}>
          {text}
        </p>
        <span class="row actions">
          <ViewRange layout={layout} top={view.value.top} />
          <Button onClick={() => move.zoom(-1)} label="Larger cells" title="Larger cells">
            +
          </Button>
          <Button onClick={() => move.zoom(1)} label="Smaller cells" title="Smaller cells">
            −
          </Button>
          <Button onClick={move.fit} title="Show the whole device">
            Fit
          </Button>
        </span>
      </header>
      {children}
      <div class="device-area" ref={area}>
        <Canvases {...{ layout, view, cursor, move, map: reading.map }} />
      </div>
      <p class="unseen" aria-live="polite">
        {said}
      </p>
    </>
  );
}

/** Which frames are in view, if they are not all. */
function ViewRange({ layout, top }: { layout: ReadonlySignal<Layout | null>; top: number }) {
  const now = layout.value;
  if (now === null || scrollMax(now) === 0) return null;
  const { first, count } = cellsInView(now, top);
  const last = Math.min(now.pages, (first + count) * now.per) - 1;
  return (
    <span class="soft small number">
      {`${countText(first * now.per)}–${countText(last)} of ${countText(now.pages)}`}
    </span>
  );
}

interface Moved {
  layout: ReadonlySignal<Layout | null>;
  view: { value: View; peek(): View };
  cursor: { value: number | null; peek(): number | null };
  reading: DeviceReading;
  levels: () => Level[];
}

type Moves = ReturnType<typeof moving>;

function moving({ layout, view, cursor, reading, levels }: Moved) {
  const scroll = (to: number) => {
    const now = layout.peek();
    if (now === null) return;
    const top = Math.max(0, Math.min(scrollMax(now), to));
    view.value = { ...view.peek(), top };
    readThere(now, top, reading);
  };
  /** `at`: the frame that stays where it is, as far as possible. */
  const zoom = (by: number, at = cursor.peek() ?? frameOf(selected.peek())) => {
    const now = layout.peek();
    if (now === null) return;
    const most = levels().length - 1;
    const level = Math.max(0, Math.min(most, (view.peek().level ?? levelNow(now)) + by));
    const middle = at ?? frameAt(now, view.peek().top, now.left + 1, now.height / 2) ?? 0;
    view.value = { level, top: 0 };
    const next = layout.peek();
    if (next === null) return;
    const { cell, columns, per } = next;
    scroll((Math.floor(middle / per / columns) + 0.5) * cell - next.height / 2);
  };
  const levelNow = ({ cell, per }: Layout) =>
    levels().findIndex((level) => level.cell === cell && level.per === per);
  const go = (pfn: number) => {
    const now = layout.peek();
    if (now === null) return;
    cursor.value = Math.max(0, Math.min(now.pages - 1, pfn));
    scroll(scrollTo(now, view.peek().top, cursor.value));
  };
  const fit = () => {
    view.value = { level: null, top: 0 };
    reading.lookAt(0);
  };
  return { scroll, zoom, go, fit };
}

/** Reads from here on, if the map that was read neither reaches this far nor begins before. */
function readThere(layout: Layout, top: number, reading: DeviceReading): void {
  const map = reading.map.peek();
  if (map === null) return;
  const { first, count } = cellsInView(layout, top);
  const [from, to] = [first * layout.per, (first + count) * layout.per];
  if (from < map.first || (Math.min(to, map.pages) > map.end && from > map.first))
    reading.lookAt(from);
}

interface CanvasesProps {
  layout: ReadonlySignal<Layout | null>;
  view: { value: View; peek(): View };
  cursor: { value: number | null; peek(): number | null };
  move: Moves;
  map: ReadonlySignal<DeviceMap | null>;
}

function Canvases({ layout, view, cursor, move, map }: CanvasesProps) {
  const frame = useRef<HTMLDivElement>(null);
  const below = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const before = useRef<Cells | null>(null);
  const glowing = useSignal<ReadonlyMap<number, number>>(new Map());
  useSignalEffect(() => {
    const [now, device, colours] = [layout.value, map.value, palette.value];
    const { top } = view.value;
    const canvas = below.current;
    if (now === null || device === null || colours === null || canvas === null) return;
    frame.current?.style.setProperty('height', `${now.height}px`);
    const { first, count } = cellsInView(now, top);
    const cells = cellsOf(device, { first: first * now.per, per: now.per, count });
    drawCells({ canvas: sized(canvas, now), layout: now, top, cells, palette: colours, fileMark });
    glow(before.current, cells, glowing);
    before.current = cells;
  });
  useSignalEffect(() => {
    const [now, colours] = [layout.value, palette.value];
    const canvas = above.current;
    if (now === null || colours === null || canvas === null) return;
    const over = {
      layout: now,
      palette: colours,
      top: view.value.top,
      lit: [...lit.value].flatMap((id) => frameOf(id) ?? []),
      selected: frameOf(selected.value),
      cursor: cursor.value,
      glowing: glowing.value,
    };
    return animated((nowMs) => {
      drawOver({ ...over, canvas: sized(canvas, now), nowMs });
      return [...over.glowing.values()].some((sinceMs) => nowMs - sinceMs < glowMs);
    });
  });
  const pointer = usePointer({ layout, view, cursor, move });
  useWheel(frame, { layout, view, move });
  return (
    <div
      ref={frame}
      class="device-map"
      role="application"
      aria-roledescription="map"
      aria-label="Page frames. Arrow keys move over the frames, Enter selects one."
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes the arrow keys.
      tabIndex={0}
      data-arrows
      onKeyDown={(event) => press(event, { layout, view, cursor, move })}
      onFocus={({ currentTarget }) => {
        // A click focuses too, and shows what it has selected already.
        if (currentTarget.matches(':focus-visible')) cursor.value ??= frameOf(selected.peek()) ?? 0;
      }}
      onBlur={() => {
        cursor.value = null;
      }}
      {...pointer}
    >
      <canvas ref={below} />
      <canvas ref={above} />
    </div>
  );
}

/** The canvas with the pixels of the screen, drawn on in CSS pixels. */
function sized(canvas: HTMLCanvasElement, { width, height }: Layout): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser draws no canvas.');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

function glow(
  before: Cells | null,
  now: Cells,
  glowing: { value: ReadonlyMap<number, number>; peek(): ReadonlyMap<number, number> },
): void {
  if (before === null || !sameWindow(before, now)) return;
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  const changed = changedFrames(before, now, differs);
  if (changed.length === 0) return;
  const nowMs = performance.now();
  const still = [...glowing.peek()].filter(([, sinceMs]) => nowMs - sinceMs < glowMs);
  glowing.value = new Map([...still, ...changed.map((pfn) => [pfn, nowMs] as const)]);
}

/** Draws now, and again each frame while there is more. Returns how to stop. */
function animated(draw: (nowMs: number) => boolean): () => void {
  let next: number | null = null;
  const run = () => {
    next = draw(performance.now()) ? requestAnimationFrame(run) : null;
  };
  run();
  return () => {
    if (next !== null) cancelAnimationFrame(next);
  };
}

type Pointed = Pick<CanvasesProps, 'layout' | 'view' | 'cursor' | 'move'>;

/** A drag that is shorter is a click. */
const dragMin = 4;

function usePointer({ layout, view, move }: Pointed) {
  const drag = useRef<{ y: number; top: number; moved: boolean } | null>(null);
  const frameUnder = (event: PointerEvent): number | null => {
    const now = layout.peek();
    if (now === null) return null;
    return frameAt(now, view.peek().top, event.offsetX, event.offsetY);
  };
  return {
    onPointerDown(event: PointerEvent) {
      if (event.button === 0)
        drag.current = { y: event.clientY, top: view.peek().top, moved: false };
    },
    onPointerMove(event: PointerEvent) {
      const pfn = frameUnder(event);
      const id = pfn === null ? null : pageId(pfn);
      if (hovered.peek() !== id) hovered.value = id;
      const now = drag.current;
      if (now === null) return;
      if (!now.moved && Math.abs(event.clientY - now.y) < dragMin) return;
      if (!now.moved) (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      now.moved = true;
      move.scroll(now.top + now.y - event.clientY);
    },
    onPointerUp(event: PointerEvent) {
      const pfn = frameUnder(event);
      if (drag.current?.moved === false) select(pfn === null ? null : pageId(pfn));
      drag.current = null;
    },
    onPointerLeave() {
      hovered.value = null;
      if (drag.current?.moved !== true) drag.current = null;
    },
    onPointerCancel() {
      drag.current = null;
    },
  };
}

/** The wheel with Ctrl zooms at the pointer; without it, it pans as far as there is more. */
function useWheel(
  frame: { current: HTMLElement | null },
  { layout, view, move }: Pick<Pointed, 'layout' | 'view' | 'move'>,
): void {
  useEffect(() => {
    const element = frame.current;
    const turn = (event: WheelEvent) => {
      const now = layout.peek();
      if (now === null || event.deltaY === 0) return;
      const { top } = view.peek();
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        const at = frameAt(now, top, event.offsetX, event.offsetY);
        move.zoom(event.deltaY > 0 ? 1 : -1, at);
        return;
      }
      const to = Math.max(0, Math.min(scrollMax(now), top + event.deltaY));
      if (to === top) return;
      event.preventDefault();
      move.scroll(to);
    };
    // Not passive, because the page must not scroll too.
    element?.addEventListener('wheel', turn, { passive: false });
    return () => element?.removeEventListener('wheel', turn);
  }, []);
}

function press(event: KeyboardEvent, { layout, cursor, move }: Pointed): void {
  const now = layout.peek();
  if (now === null || event.ctrlKey || event.metaKey || event.altKey) return;
  const { per, columns, cell, height, pages } = now;
  const at = cursor.peek() ?? frameOf(selected.peek()) ?? 0;
  const row = per * columns;
  const screen = Math.max(1, Math.floor(height / cell) - 1) * row;
  const keys: Record<string, () => void> = {
    ArrowLeft: () => move.go(at - per),
    ArrowRight: () => move.go(at + per),
    ArrowUp: () => move.go(at < row ? at : at - row),
    ArrowDown: () => move.go(at + row < pages ? at + row : at),
    PageUp: () => move.go(Math.max(at % row, at - screen)),
    PageDown: () => move.go(at + screen < pages ? at + screen : at),
    Home: () => move.go(0),
    End: () => move.go(pages - 1),
    Enter: () => select(pageId(at)),
    '+': () => move.zoom(-1, at),
    '=': () => move.zoom(-1, at),
    '-': () => move.zoom(1, at),
    '0': move.fit,
  };
  const run = keys[event.key];
  if (run === undefined) return;
  event.preventDefault();
  run();
}
