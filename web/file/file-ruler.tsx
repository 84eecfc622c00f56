// The ruler of a file: pins and mappings as lanes, extents below them, i_size as a line. A drag over
// it chooses a range of pages; a drag of the line chooses another size.
import { type Signal, useSignal } from '@preact/signals';
import type { FilePicture, MappingPicture, Picture, PinPicture } from 'pinhole/client';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { sizeText } from '../parts/words.ts';
import { fileMark } from '../state/file-marks.ts';
import { hovered, linked, select } from '../state/selection.ts';
import { FileExtents } from './file-extents.tsx';
import {
  byteAt,
  closestBorder,
  type Extent,
  lanesOf,
  moved,
  orphanPages,
  pageBytes,
  pagesOfRange,
  type Range,
  rangeBetween,
  type Scale,
  ticksOf,
  wholeOf,
  xOf,
  zoomed,
} from './ruler.ts';

/** What a person is about to do with the file. */
export interface Draft {
  range: Signal<Range | null>;
  /** The size to truncate to; null: as it is. */
  sizeBytes: Signal<number | null>;
}

const laneHigh = 22;
const extentHigh = 36;
const lanesMax = 5;
/** Pages of one pin that are ringed because somebody waits for them. */
const waitedMax = 32;
const gutter = 62;
/** How far from the line of i_size a drag still takes it. */
const reach = 8;
/** A drag that is shorter is a click. */
const dragMin = 4;

interface RulerProps {
  file: FilePicture;
  picture: Picture;
  extents: readonly Extent[];
  draft: Draft;
}

/** With the heading of the file, so that the buttons stand in its line. */
export function FileRuler(
  props: RulerProps & { heading: ComponentChildren; children: ComponentChildren },
) {
  const { file, picture, extents, draft } = props;
  const area = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  const window = useSignal<{ from: number; to: number } | null>(null);
  useEffect(() => {
    const element = area.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      width.value = element.clientWidth;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const pins = [...picture.pins.values()].filter(({ ino }) => ino === file.ino);
  const mappings = [...picture.mappings.values()].filter(({ ino }) => ino === file.ino);
  const ends = [
    file.sizeBytes,
    (extents.at(-1)?.offset ?? 0) + (extents.at(-1)?.length ?? 0),
    ...pins.map(({ offset, pages }) => offset + pages * pageBytes),
    ...mappings.map(({ offset, length }) => offset + length),
  ];
  const whole = wholeOf(ends.reduce((most, end) => Math.max(most, end), 0));
  const shown = window.value ?? whole;
  const scale: Scale = { ...shown, left: gutter, width: Math.max(1, width.value - gutter - 20) };
  return (
    <>
      <header>
        {props.heading}
        <ZoomButtons {...{ window, whole, shown }} />
      </header>
      {props.children}
      <div class="ruler-area" ref={area}>
        {width.value === 0 ? null : (
          <Drawing {...{ file, picture, extents, draft, pins, mappings, scale }} />
        )}
      </div>
    </>
  );
}

function ZoomButtons({
  window,
  whole,
  shown,
}: {
  window: Signal<{ from: number; to: number } | null>;
  whole: { from: number; to: number };
  shown: { from: number; to: number };
}) {
  const size = shown.to - shown.from;
  const isAll = size >= whole.to;
  const move = (by: number) => {
    window.value = moved(shown.from + by * size, whole, size);
  };
  const zoom = (factor: number) => {
    const next = zoomed(shown, whole, factor);
    window.value = next.to - next.from >= whole.to ? null : next;
  };
  if (isAll && whole.to <= 8 * pageBytes) return null;
  return (
    <div class="row actions">
      {isAll ? null : (
        <>
          <span class="small soft number">{`${sizeText(shown.from)} to ${sizeText(shown.to)}`}</span>
          <Button label="Earlier in the file" onClick={() => move(-0.5)}>
            ←
          </Button>
          <Button label="Later in the file" onClick={() => move(0.5)}>
            →
          </Button>
        </>
      )}
      <Button label="Zoom in on the file" onClick={() => zoom(0.5)}>
        +
      </Button>
      <Button label="Zoom out of the file" onClick={() => zoom(2)}>
        −
      </Button>
      {isAll ? null : (
        <Button
          onClick={() => {
            window.value = null;
          }}
        >
          Whole file
        </Button>
      )}
    </div>
  );
}

interface DrawingProps extends RulerProps {
  pins: PinPicture[];
  mappings: MappingPicture[];
  scale: Scale;
}

function Drawing({ file, picture, extents, draft, pins, mappings, scale }: DrawingProps) {
  const pinned = pins.map((pin) => ({ ...pin, length: pin.pages * pageBytes }));
  const inView = <T extends Range>(ranges: T[]) =>
    ranges.filter(({ offset, length }) => offset < scale.to && offset + length > scale.from);
  const ofPins = lanesOf(inView(pinned), lanesMax);
  const ofMappings = lanesOf(inView(mappings), lanesMax);
  const pinsHigh = Math.max(1, ofPins.lanes.length) * laneHigh;
  const mapsHigh = Math.max(1, ofMappings.lanes.length) * laneHigh;
  const extentsAt = 18 + pinsHigh + mapsHigh;
  const high = extentsAt + extentHigh + 24;
  const drag = useDrag({ scale, draft, file });
  const { tint, letter } = fileMark(file.ino);
  return (
    // The inputs below do the same by keyboard, and the tables list what is drawn.
    <svg
      class="ruler"
      role="img"
      aria-label={`Byte ruler of ${file.name}: ${sizeText(file.sizeBytes)}`}
      width={scale.left + scale.width + 20}
      height={high}
      {...drag}
    >
      <Ticks {...{ scale, top: 18, high: extentsAt + extentHigh }} />
      <Label text="pins" y={18 + pinsHigh / 2} more={ofPins.left} />
      {ofPins.lanes.map((lane, i) =>
        lane.map((pin) => (
          <PinLane
            key={pin.id}
            {...{ pin, scale, picture }}
            y={18 + i * laneHigh}
            orphans={pin.allRuns ? orphanPages(pin, extents) : 0}
          />
        )),
      )}
      <Label text="maps" y={18 + pinsHigh + mapsHigh / 2} more={ofMappings.left} />
      {ofMappings.lanes.map((lane, i) =>
        lane.map((mapping) => (
          <MappingLane key={mapping.id} {...{ mapping, scale }} y={18 + pinsHigh + i * laneHigh} />
        )),
      )}
      <Label text="extents" y={extentsAt + extentHigh / 2} more={0} />
      <FileExtents {...{ extents, scale, tint, letter }} y={extentsAt} high={extentHigh} />
      <Chosen {...{ scale, high: extentsAt + extentHigh }} range={draft.range.value} />
      <SizeLine {...{ scale, high: extentsAt + extentHigh }} file={file} draft={draft} />
    </svg>
  );
}

function Label({ text, y, more }: { text: string; y: number; more: number }) {
  return (
    <text x={gutter - 10} y={y + 4} class="ruler-label" text-anchor="end">
      {more > 0 ? `+${more} ${text}` : text}
    </text>
  );
}

function Ticks({ scale, top, high }: { scale: Scale; top: number; high: number }) {
  return (
    <g>
      {ticksOf(scale).map((at) => (
        <g key={at}>
          <line class="ruler-tick" x1={xOf(scale, at)} x2={xOf(scale, at)} y1={top} y2={high + 6} />
          <text class="ruler-label" x={xOf(scale, at)} y={high + 19} text-anchor="middle">
            {at === 0 ? '0' : sizeText(at)}
          </text>
        </g>
      ))}
    </g>
  );
}

/** The end of a lane in pixels, cut where the window ends. */
function ends(scale: Scale, { offset, length }: Range): { x1: number; x2: number } {
  const x1 = xOf(scale, Math.max(scale.from, offset));
  const x2 = xOf(scale, Math.min(scale.to, offset + length));
  return { x1, x2: Math.max(x2, x1 + 4) };
}

/** How much of a text fits, at 7 pixels a sign. */
const fitting = (text: string, wide: number): string => {
  const signs = Math.floor(wide / 7);
  const all = [...text];
  if (all.length <= signs) return text;
  return signs < 3 ? '' : `${all.slice(0, signs - 1).join('')}…`;
};

function PinLane(props: {
  pin: PinPicture & Range;
  scale: Scale;
  y: number;
  picture: Picture;
  orphans: number;
}) {
  const { pin, scale, y, picture, orphans } = props;
  const { x1, x2 } = ends(scale, pin);
  const { class: lit, ...attributes } = linked(pin.id);
  const waited = waitedBytes(pin, picture).filter((byte) => byte >= scale.from && byte < scale.to);
  const who = `${pin.id}${pin.owner === null ? '' : ` ${pin.owner}`}`;
  const state = orphans > 0 ? `, ${orphans} of its pages no longer in the file` : '';
  return (
    <g {...attributes} class={`pin-lane ${lit} ${orphans > 0 ? 'orphan' : ''}`}>
      <title>{`${who}: ${pagesOfRange(pin)}, ${pin.kind}, ${pin.access}${state}`}</title>
      <rect class="lane-ground" x={x1} y={y} width={x2 - x1} height={laneHigh - 2} />
      <line x1={x1 + 4} x2={Math.max(x1 + 4, x2 - 4)} y1={y + 16} y2={y + 16} />
      <circle cx={x1 + 5} cy={y + 16} r={3.5} />
      <circle cx={Math.max(x1 + 5, x2 - 5)} cy={y + 16} r={3.5} />
      {waited.map((byte) => (
        <circle
          key={byte}
          class="waited"
          cx={Math.max(x1 + 5, Math.min(x2 - 5, xOf(scale, byte + pageBytes / 2)))}
          cy={y + 16}
          r={6}
        />
      ))}
      <text x={x1 + 2} y={y + 10}>
        {fitting(orphans > 0 ? `orphan: ${who}` : who, x2 - x1 - 4)}
      </text>
    </g>
  );
}

/** The bytes of the file at which the pages of the pin begin for which somebody waits. */
function waitedBytes(pin: PinPicture, { operations }: Picture): number[] {
  const bytes = new Set<number>();
  for (const { state, sleepingOn } of operations.values()) {
    const frame = state === 'sleeping' ? sleepingOn?.pfn : undefined;
    if (frame === undefined || bytes.size >= waitedMax) continue;
    let at = pin.offset;
    for (const { pfn, pages } of pin.runs) {
      if (pfn !== null && pfn <= frame && frame < pfn + pages)
        bytes.add(at + (frame - pfn) * pageBytes);
      at += pages * pageBytes;
    }
  }
  return [...bytes];
}

function MappingLane({ mapping, scale, y }: { mapping: MappingPicture; scale: Scale; y: number }) {
  const { x1, x2 } = ends(scale, mapping);
  const { class: lit, ...attributes } = linked(mapping.id);
  const { id, access } = mapping;
  return (
    <g {...attributes} class={`mapping-lane ${lit}`}>
      <title>{`${id}: ${pagesOfRange(mapping)}, ${access}`}</title>
      <rect class="lane-ground" x={x1} y={y} width={x2 - x1} height={laneHigh - 2} />
      <path d={`M${x1 + 1} ${y + 14}H${x2 - 1}M${x1 + 1} ${y + 18}H${x2 - 1}`} />
      <text x={x1 + 2} y={y + 10}>
        {fitting(`${id} ${access}`, x2 - x1 - 4)}
      </text>
    </g>
  );
}

function Chosen({ scale, range, high }: { scale: Scale; range: Range | null; high: number }) {
  if (range === null || range.length <= 0) return null;
  const { x1, x2 } = ends(scale, range);
  if (x2 <= scale.left || x1 >= scale.left + scale.width) return null;
  return <rect class="chosen" x={x1} y={16} width={x2 - x1} height={high - 14} />;
}

function SizeLine({
  scale,
  file,
  draft,
  high,
}: {
  scale: Scale;
  file: FilePicture;
  draft: Draft;
  high: number;
}) {
  const wanted = draft.sizeBytes.value;
  const line = (bytes: number, look: string, text: string) => {
    if (bytes < scale.from || bytes > scale.to) return null;
    const x = xOf(scale, bytes);
    const anchor = x > scale.left + scale.width * 0.6 ? 'end' : 'start';
    return (
      <g class={look}>
        <line x1={x} x2={x} y1={14} y2={high + 4} />
        <path d={`M${x - 5} 14h10l-5 7z`} />
        <text x={anchor === 'end' ? x + 6 : x - 6} y={10} text-anchor={anchor}>
          {text}
        </text>
      </g>
    );
  };
  return (
    <>
      {line(
        file.sizeBytes,
        wanted === null ? 'size-line' : 'size-line before',
        wanted === null ? `i_size ${sizeText(file.sizeBytes)}` : '',
      )}
      {wanted === null ? null : line(wanted, 'size-line wanted', `truncate to ${sizeText(wanted)}`)}
    </>
  );
}

/** A drag near the line of i_size moves it; everywhere else it chooses pages. */
function useDrag({ scale, draft, file }: { scale: Scale; draft: Draft; file: FilePicture }) {
  const started = useRef<{ size: boolean; byte: number; x: number; moved: boolean } | null>(null);
  const before = useRef<number | null>(null);
  const byteOf = (event: PointerEvent) => {
    const { left } = (event.currentTarget as SVGElement).getBoundingClientRect();
    return byteAt(scale, event.clientX - left);
  };
  const isOnSize = (event: PointerEvent) => {
    const { left } = (event.currentTarget as SVGElement).getBoundingClientRect();
    const bytes = draft.sizeBytes.peek() ?? file.sizeBytes;
    return Math.abs(event.clientX - left - xOf(scale, bytes)) <= reach;
  };
  return {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0) return;
      started.current = {
        size: isOnSize(event),
        byte: byteOf(event),
        x: event.clientX,
        moved: false,
      };
      before.current = draft.sizeBytes.peek();
    },
    onPointerMove(event: PointerEvent) {
      const now = started.current;
      const element = event.currentTarget as SVGElement;
      element.classList.toggle('on-size', now?.size ?? isOnSize(event));
      if (now === null || event.buttons === 0) return;
      if (!now.moved && Math.abs(event.clientX - now.x) < dragMin) return;
      if (!now.moved) element.setPointerCapture(event.pointerId);
      now.moved = true;
      hovered.value = null;
      const byte = byteOf(event);
      if (now.size) {
        const border = closestBorder(byte);
        draft.sizeBytes.value = border === file.sizeBytes ? null : border;
      } else draft.range.value = rangeBetween(now.byte, byte);
    },
    onPointerUp(event: PointerEvent) {
      const now = started.current;
      started.current = null;
      if (now === null || now.moved) return;
      // A click selects what was drawn there; the tables below have a button for each.
      const thing = (event.target as Element).closest<SVGElement>('[data-thing]')?.dataset.thing;
      select(thing ?? null);
    },
    onPointerCancel() {
      if (started.current?.size === true) draft.sizeBytes.value = before.current;
      started.current = null;
    },
  };
}
