// The lanes as SVG. A place on the axis is a unit of scale.ts.
import type { PinholeEvent } from 'pinhole/client';
import { useId } from 'preact/hooks';
import { eventText } from '../parts/event-words.ts';
import { durationText } from '../parts/words.ts';
import { linked } from '../state/selection.ts';
import type { Lane, Span, Wake } from './lanes.ts';
import { eventAt, type Scale, ticksOf, unitOf } from './scale.ts';

const laneHeight = 34;
const axisHeight = 26;
const barTop = 7;
const barHeight = 13;
/** More marks cannot be told apart. */
const marksMax = 1500;

export interface Range {
  from: number;
  to: number;
}

export interface PlotProps {
  events: readonly PinholeEvent[];
  lanes: readonly Lane[];
  wakes: readonly Wake[];
  scale: Scale;
  range: Range;
  width: number;
  /** The event of the URL. */
  cursor: number | null;
  /** What the axis says at an event. */
  tickText: (at: number) => string;
  onPoint: (at: number | null) => void;
  onChoose: (at: number, lane: string | null) => void;
  onZoom: (by: number, around: number) => void;
}

type Place = (at: number | null) => number;

export function Plot(props: PlotProps) {
  const { events, lanes, scale, range, width, cursor } = props;
  const id = useId();
  const perUnit = width / Math.max(1, range.to - range.from);
  const x: Place = (at) => (unitOf(scale, at) - range.from) * perUnit;
  const height = axisHeight + lanes.length * laneHeight;
  const eventUnder = (event: MouseEvent): number => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return eventAt(scale, range.from + (event.clientX - box.left) / perUnit);
  };
  const laneUnder = (event: MouseEvent): string | null => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const at = Math.floor((event.clientY - box.top - axisHeight) / laneHeight);
    return lanes[at]?.id ?? null;
  };
  const move = (by: number) => {
    const from = cursor ?? (by > 0 ? -1 : events.length);
    props.onChoose(Math.min(events.length - 1, Math.max(0, from + by)), null);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no element for it.
    <svg
      class="plot"
      role="group"
      aria-label="Timeline: a lane for each operation and pin; the arrow keys go from event to event"
      // In lower case, because SVG knows no tabIndex.
      tabindex={0}
      width={width}
      height={height}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        event.preventDefault();
        move(event.key === 'ArrowLeft' ? -1 : 1);
      }}
      onPointerMove={(event) => props.onPoint(eventUnder(event))}
      onPointerLeave={() => props.onPoint(null)}
      onClick={(event) => props.onChoose(eventUnder(event), laneUnder(event))}
      onWheel={(event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        props.onZoom(event.deltaY > 0 ? 1.25 : 0.8, scale.units[eventUnder(event)] ?? 0);
      }}
    >
      <Patterns id={id} />
      <Axis {...props} x={x} height={height} />
      {lanes.map((lane, at) => (
        <LaneOf
          key={lane.id}
          lane={lane}
          top={axisHeight + at * laneHeight}
          x={x}
          id={id}
          width={width}
          events={events}
          withMarks={events.length <= marksMax || perUnit > 3}
        />
      ))}
      <Wakes {...props} x={x} id={id} />
      {cursor === null ? null : (
        <line class="cursor" x1={x(cursor)} x2={x(cursor)} y1={0} y2={height} />
      )}
    </svg>
  );
}

/** Not by colour alone: S is dotted, D is striped. */
function Patterns({ id }: { id: string }) {
  return (
    <defs>
      <pattern id={`${id}-S`} width="6" height="6" patternUnits="userSpaceOnUse">
        <circle class="dots" cx="3" cy="3" r="1.2" />
      </pattern>
      <pattern
        id={`${id}-D`}
        width="6"
        height="6"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect class="stripes" width="2.2" height="6" />
      </pattern>
      <marker
        id={`${id}-wake`}
        viewBox="0 0 8 8"
        refX="8"
        refY="4"
        markerWidth="7"
        markerHeight="7"
        orient="auto"
      >
        <path class="wake-head" d="M 0 0 L 8 4 L 0 8 z" />
      </marker>
    </defs>
  );
}

function Axis(props: PlotProps & { x: Place; height: number }) {
  const { scale, range, width, x, height, tickText } = props;
  const ticks = ticksOf(scale, range, Math.max(2, width / 130));
  return (
    <>
      {ticks.map((at) => (
        <g key={at} class="tick">
          <line x1={x(at)} x2={x(at)} y1={axisHeight - 6} y2={height} />
          {x(at) < width - 60 ? (
            <text x={x(at) + 3} y={12}>
              {tickText(at)}
            </text>
          ) : null}
        </g>
      ))}
      {scale.folds
        .filter(({ before }) => x(before) > 0 && x(before - 1) < width)
        .map(({ before, idleMs }) => (
          <g key={before} class="fold">
            <title>{`Nothing happened for ${durationText(idleMs)}; this is folded`}</title>
            <rect
              x={x(before - 1)}
              width={Math.max(0, x(before) - x(before - 1))}
              y={axisHeight - 8}
              height={height - axisHeight + 8}
            />
            <text x={(x(before - 1) + x(before)) / 2} y={axisHeight - 1} text-anchor="middle">
              ⋯
            </text>
          </g>
        ))}
    </>
  );
}

interface LaneProps {
  lane: Lane;
  top: number;
  x: Place;
  id: string;
  width: number;
  events: readonly PinholeEvent[];
  withMarks: boolean;
}

const spanWords = {
  R: 'runs',
  S: 'sleeps in state S',
  D: 'sleeps in state D',
  pin: 'holds',
  collecting: 'collects, and holds',
};

function LaneOf({ lane, top, x, id, width, events, withMarks }: LaneProps) {
  const { class: lit, ...links } = linked(lane.id);
  return (
    <g {...links} class={`lane ${lit}`} transform={`translate(0 ${top})`}>
      <rect class="ground" width={width} height={laneHeight} />
      {lane.spans.map((span) => (
        <SpanOf key={span.from} span={span} lane={lane} x={x} id={id} width={width} />
      ))}
      {lane.holds.map((hold, at) => {
        const [from, to] = [Math.max(0, x(hold.from)), Math.min(width, x(hold.to))];
        const row = hold.lock === 'i_rwsem' ? 0 : 1;
        return to <= 0 || from >= width ? null : (
          <g key={`${hold.lock} ${at}`} class={`hold hold-${hold.lock}`}>
            <title>{`${lane.id} holds ${hold.lock} ${hold.mode}`}</title>
            <rect
              x={from}
              width={Math.max(1, to - from)}
              y={23 + row * 5}
              height={row === 0 ? 3 : 2}
            />
          </g>
        );
      })}
      {withMarks
        ? lane.marks.map((at) => {
            const event = events[at];
            const place = x(at);
            return event === undefined || place < 0 || place > width ? null : (
              <line
                key={at}
                class="mark"
                x1={place}
                x2={place}
                y1={barTop - 2}
                y2={barTop + barHeight + 2}
              >
                <title>{`${event.seq}: ${eventText(event)}`}</title>
              </line>
            );
          })
        : null}
      {lane.end === null ? null : (
        <text class="end" x={x(lane.end.at) + 4} y={barTop + barHeight - 2}>
          {lane.end.sign}
        </text>
      )}
    </g>
  );
}

function SpanOf(props: { span: Span; lane: Lane; x: Place; id: string; width: number }) {
  const { span, lane, x, id, width } = props;
  const [from, to] = [Math.max(0, x(span.from)), Math.min(width, x(span.to))];
  if (to <= 0 || from >= width) return null;
  const wide = Math.max(1, to - from);
  const { kind, on } = span;
  const letter = kind === 'S' || kind === 'D' ? `${kind} ${on}` : kind === 'R' ? on : '';
  return (
    <g class={`span span-${kind}`}>
      <title>{`${lane.id} ${spanWords[kind]}${on === '' ? '' : ` ${kind === 'S' || kind === 'D' ? 'on ' : ''}${on}`}`}</title>
      <rect class="bar" x={from} width={wide} y={barTop} height={barHeight} rx={2} />
      {kind === 'S' || kind === 'D' ? (
        <rect x={from} width={wide} y={barTop} height={barHeight} fill={`url(#${id}-${kind})`} />
      ) : null}
      {kind === 'pin' && span.from >= 0 && x(span.from) >= 0 ? (
        <circle class="dot" cx={x(span.from)} cy={barTop + barHeight / 2} r={4} />
      ) : null}
      {letter !== '' && wide > letter.length * 7 + 8 ? (
        <text x={from + 5} y={barTop + barHeight - 3}>
          {letter}
        </text>
      ) : null}
    </g>
  );
}

function Wakes({ wakes, lanes, x, id, width, events }: PlotProps & { x: Place; id: string }) {
  const tops = new Map(lanes.map((lane, at) => [lane.id, axisHeight + at * laneHeight] as const));
  const level = barTop + barHeight / 2;
  return (
    <>
      {wakes.map(({ at, from, to }) => {
        const end = tops.get(to);
        const place = x(at);
        if (end === undefined || place < 0 || place > width) return null;
        const start = from === null ? undefined : tops.get(from);
        const event = events[at];
        // Without a waker: the release worker or the clock, from above.
        const y = start === undefined ? end - 8 : start + level;
        const into = end + level + (y < end + level ? -8 : 8);
        return (
          <g key={`${at} ${to}`} class="wake">
            <title>{event === undefined ? '' : eventText(event)}</title>
            <line
              x1={start === undefined ? place : place - 6}
              y1={y}
              x2={place}
              y2={into}
              marker-end={`url(#${id}-wake)`}
            />
          </g>
        );
      })}
    </>
  );
}
