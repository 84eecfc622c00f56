// The extents of a file on its ruler: written ones filled, unwritten ones hollow, holes a thin line.
import { pageId } from '../state/ids.ts';
import { linked } from '../state/selection.ts';
import {
  drawable,
  type Extent,
  type Piece,
  pageBytes,
  pagesOfRange,
  piecesOf,
  type Scale,
  xOf,
} from './ruler.ts';

interface ExtentsProps {
  extents: readonly Extent[];
  scale: Scale;
  y: number;
  high: number;
  tint: number;
  letter: string;
}

/** Pages are drawn one by one, so that each lights up, if they are this wide. */
const pageWide = 12;

export function FileExtents({ extents, scale, y, high, tint, letter }: ExtentsProps) {
  const pieces = piecesOf(extents, scale.to, scale);
  const onePage = (pageBytes / (scale.to - scale.from)) * scale.width;
  const shown = onePage >= pageWide ? pieces.flatMap((piece) => pagesOf(piece, scale)) : pieces;
  return (
    <g>
      {drawable(shown, scale).map((piece) => (
        <PieceMark key={piece.offset} {...{ piece, scale, y, high, tint, letter }} />
      ))}
    </g>
  );
}

function pagesOf(piece: Piece, { from, to }: Scale): Piece[] {
  if (piece.pfn === null) return [piece];
  const pages: Piece[] = [];
  const end = Math.min(to, piece.offset + piece.length);
  const skipped = Math.max(0, Math.floor((from - piece.offset) / pageBytes));
  for (let at = piece.offset + skipped * pageBytes; at < end; at += pageBytes)
    pages.push({
      offset: at,
      length: pageBytes,
      pfn: piece.pfn + (at - piece.offset) / pageBytes,
      state: piece.state,
    });
  return pages;
}

function PieceMark({
  piece,
  scale,
  y,
  high,
  tint,
  letter,
}: Omit<ExtentsProps, 'extents'> & { piece: Piece }) {
  const x1 = xOf(scale, Math.max(scale.from, piece.offset));
  const x2 = xOf(scale, Math.min(scale.to, piece.offset + piece.length));
  const wide = Math.max(1, x2 - x1 - (x2 - x1 > 6 ? 2 : 0));
  if (piece.pfn === null)
    return (
      <g>
        <title>{`hole: ${pagesOfRange(piece)}`}</title>
        <line class="hole" x1={x1} x2={x1 + wide} y1={y + high / 2} y2={y + high / 2} />
        {wide > 44 ? (
          <text class="ruler-label" x={(x1 + x2) / 2} y={y + high / 2 - 4} text-anchor="middle">
            hole
          </text>
        ) : null}
      </g>
    );
  const { class: lit, ...attributes } = linked(pageId(piece.pfn));
  const isOne = piece.length === pageBytes;
  const last = piece.pfn + piece.length / pageBytes - 1;
  const frames = isOne ? `pfn ${piece.pfn}` : `pfn ${piece.pfn} to ${last}`;
  return (
    <g
      {...attributes}
      class={`extent ${piece.state} ${lit}`}
      style={{ '--tint': `var(--file-${tint})` }}
    >
      <title>{`${piece.state}: ${pagesOfRange(piece)}, ${frames}`}</title>
      <rect x={x1 + 1} y={y + 1} width={Math.max(1, wide - 1)} height={high - 2} />
      {wide >= 34 && isOne ? (
        <>
          <text x={(x1 + x2) / 2} y={y + 15} text-anchor="middle" class="extent-page">
            {`${letter} ${piece.offset / pageBytes}`}
          </text>
          <text x={(x1 + x2) / 2} y={y + 29} text-anchor="middle" class="ruler-label">
            {piece.pfn}
          </text>
        </>
      ) : null}
    </g>
  );
}
