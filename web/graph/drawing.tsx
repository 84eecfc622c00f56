// The wait graph as SVG: pan by dragging or the arrow keys, zoom by the buttons or Ctrl and wheel.
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { useSize } from '../parts/use-size.ts';
import { linked, select } from '../state/selection.ts';
import type { DrawnGraph, DrawnNode } from './drawn-graph.ts';
import { type Box, type Layout, type Line, lineKey, pathOf, tagHeight } from './layout.ts';

interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
}

const margin = 16;

/** All of the graph, but never larger than life. */
function fitted({ bounds }: Layout, { width, height }: { width: number; height: number }): Frame {
  const wide = bounds.width + 2 * margin;
  const high = bounds.height + 2 * margin;
  const scale = Math.max(1, wide / Math.max(1, width), high / Math.max(1, height));
  const frame = { width: width * scale, height: height * scale };
  const x = bounds.x + bounds.width / 2 - frame.width / 2;
  return { ...frame, x, y: bounds.y + bounds.height / 2 - frame.height / 2 };
}

export function Drawing(props: {
  drawn: DrawnGraph;
  layout: Layout;
  /** Nodes and edges of the cycle that is shown, and of all cycles. */
  cycle: ReadonlySet<string>;
  cycles: ReadonlySet<string>;
  svg: RefObject<SVGSVGElement | null>;
  onExpand: (node: string) => void;
}) {
  const { drawn, layout, svg } = props;
  const { size, holder } = useSize({ width: 600, height: 320 });
  const height = useHeight(layout, size.value.width);
  const moved = useSignal<Frame | null>(null);
  const frame = moved.value ?? fitted(layout, size.value);
  const zoom = (by: number) => {
    const [width, height] = [frame.width * by, frame.height * by];
    const x = frame.x + (frame.width - width) / 2;
    moved.value = { width, height, x, y: frame.y + (frame.height - height) / 2 };
  };
  const pan = (dx: number, dy: number) => {
    moved.value = { ...frame, x: frame.x + dx, y: frame.y + dy };
  };
  const drag = useDrag((dx, dy) => {
    const scale = frame.width / Math.max(1, size.peek().width);
    pan(-dx * scale, -dy * scale);
  });
  const arrow = useId();
  return (
    <div class="drawing" ref={holder} style={{ height: `${height}px` }}>
      {/* biome-ignore lint/a11y/useSemanticElements: SVG has no element for it. */}
      <svg
        ref={svg}
        role="group"
        aria-label="Who waits for whom: arrows lead from who waits to what is waited for"
        // In lower case, because SVG knows no tabIndex.
        tabindex={0}
        viewBox={`${frame.x} ${frame.y} ${frame.width} ${frame.height}`}
        onKeyDown={(event) => {
          const step = frame.width / 10;
          const by = { ArrowLeft: -step, ArrowRight: step }[event.key];
          const down = { ArrowUp: -step, ArrowDown: step }[event.key];
          if (by === undefined && down === undefined) return;
          event.preventDefault();
          pan(by ?? 0, down ?? 0);
        }}
        onWheel={(event) => {
          if (!event.ctrlKey && !event.metaKey) return;
          event.preventDefault();
          zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15);
        }}
        {...drag}
      >
        <defs>
          <Arrow id={`${arrow}-plain`} kind="plain" />
          <Arrow id={`${arrow}-cycle`} kind="cycle" />
        </defs>
        {[...layout.lines.values()].map((line) => (
          <Edge
            key={lineKey(line)}
            line={line}
            arrow={arrow}
            inCycle={props.cycles.has(lineKey(line))}
          />
        ))}
        {drawn.nodes.map((node) => {
          const box = layout.boxes.get(node.id);
          if (box === undefined) return null;
          const look = props.cycle.has(node.id) ? 'in-cycle' : '';
          return <Node key={node.id} node={node} box={box} look={look} onExpand={props.onExpand} />;
        })}
      </svg>
      <div class="zooms row">
        <Button label="Zoom in" onClick={() => zoom(1 / 1.25)}>
          +
        </Button>
        <Button label="Zoom out" onClick={() => zoom(1.25)}>
          −
        </Button>
        <Button onClick={() => (moved.value = null)}>Fit</Button>
      </div>
    </div>
  );
}

/** High enough for the graph; it does not shrink, because then the page below would jump. */
function useHeight({ bounds }: Layout, width: number): number {
  const highest = useRef(0);
  const scale = Math.min(1, width / (bounds.width + 2 * margin));
  // Room for the buttons below the graph.
  highest.current = Math.max(highest.current, bounds.height * scale + 2 * margin + 48);
  return highest.current;
}

/** Drags begin beside the nodes, so that a click on a node stays a click. */
function useDrag(move: (dx: number, dy: number) => void) {
  const from = useRef<{ x: number; y: number } | null>(null);
  return {
    onPointerDown: (event: PointerEvent) => {
      const { target, currentTarget } = event;
      if (event.button !== 0 || (target as Element).closest('.node, .tag') !== null) return;
      from.current = { x: event.clientX, y: event.clientY };
      (currentTarget as Element).setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      if (from.current === null) return;
      move(event.clientX - from.current.x, event.clientY - from.current.y);
      from.current = { x: event.clientX, y: event.clientY };
    },
    onPointerUp: () => {
      from.current = null;
    },
    onPointerCancel: () => {
      from.current = null;
    },
  };
}

function Arrow({ id, kind }: { id: string; kind: string }) {
  return (
    <marker
      id={id}
      viewBox="0 0 8 8"
      refX="8"
      refY="4"
      markerWidth="7"
      markerHeight="7"
      orient="auto"
    >
      <path class={`arrow ${kind}`} d="M 0 0 L 8 4 L 0 8 z" />
    </marker>
  );
}

function Edge({ line, arrow, inCycle }: { line: Line; arrow: string; inCycle: boolean }) {
  const { points, label, because, from, to } = line;
  const kind = inCycle ? 'cycle' : 'plain';
  const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
  return (
    <g class={`edge ${kind}`}>
      <title>{`${from} → ${to}: ${because}`}</title>
      <path class="line" d={pathOf(points)} marker-end={`url(#${arrow}-${kind})`} />
      {label === '' ? null : (
        <text class="edge-label" x={middle.x} y={middle.y - 6} text-anchor="middle">
          {label}
        </text>
      )}
    </g>
  );
}

interface NodeProps {
  node: DrawnNode;
  box: Box;
  look: string;
  onExpand: (node: string) => void;
}

/** Enter and Space do what a click does; the keys of the page must not see them. */
const pressedBy = (run: () => void) => ({
  onClick: run,
  onKeyDown: (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    run();
  },
});

function Node({ node, box, look, onExpand }: NodeProps) {
  const { id, kind, lines, tags, title, state } = node;
  const { class: lit, ...links } = linked(id);
  const { width, height } = box;
  const textHeight = height - tags.length * tagHeight - (tags.length > 0 ? 6 : 0);
  const press = pressedBy(() =>
    kind === 'more' ? onExpand(id.slice('more:'.length)) : select(id),
  );
  return (
    <g
      class="placed"
      transform={`translate(${(box.x - width / 2).toFixed(1)} ${(box.y - height / 2).toFixed(1)})`}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: SVG has no button. */}
      <g
        {...links}
        {...press}
        class={`node node-${kind} state-${state ?? 'none'} ${look} ${lit}`}
        role="button"
        tabindex={0}
        onFocus={links.onPointerEnter}
        onBlur={links.onPointerLeave}
      >
        <title>{title}</title>
        <rect
          class="shape"
          width={width}
          height={height}
          rx={kind === 'operation' ? Math.min(23, height / 2) : 3}
        />
        <text
          class="line-1"
          x={width / 2}
          y={lines[1] === '' ? textHeight / 2 + 5 : textHeight / 2 - 3}
          text-anchor="middle"
        >
          {lines[0]}
          {state === 'S' || state === 'D' ? ` · ${state}` : ''}
        </text>
        {lines[1] === '' ? null : (
          <text class="line-2" x={width / 2} y={textHeight / 2 + 14} text-anchor="middle">
            {lines[1]}
          </text>
        )}
      </g>
      {tags.map((tag, at) => (
        <Tag key={tag.id} tag={tag} x={6} y={textHeight + at * tagHeight} width={width - 12} />
      ))}
    </g>
  );
}

function Tag(props: { tag: { id: string; text: string }; x: number; y: number; width: number }) {
  const { id, text } = props.tag;
  const { class: lit, ...links } = linked(id);
  const sign = id.startsWith('pin_') ? '●' : '═';
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button.
    <g
      {...links}
      {...pressedBy(() => select(id))}
      class={`tag ${lit}`}
      role="button"
      tabindex={0}
      transform={`translate(${props.x} ${props.y})`}
      onFocus={links.onPointerEnter}
      onBlur={links.onPointerLeave}
    >
      <title>{`${sign} ${text}`}</title>
      <rect class="shape" width={props.width} height={tagHeight - 3} rx={9} />
      <text x={props.width / 2} y={14} text-anchor="middle">
        {`${sign} ${text}`}
      </text>
    </g>
  );
}
