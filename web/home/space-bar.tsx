import type { Filesystem } from '../api/schemas.ts';
import { sizeText } from '../parts/words.ts';

type Part = 'metadata' | 'used' | 'busy' | 'detached' | 'free';

/** The device by what its blocks are: a bar, and the same in figures. */
export function SpaceBar({ space }: { space: Filesystem['space'] }) {
  const parts: [Part, number][] = [
    ['metadata', space.blocksMetadata],
    ['used', space.blocksUsed],
    ['busy', space.blocksBusy],
    ['detached', space.blocksDetached],
    ['free', space.blocksFree],
  ];
  const size = (blocks: number) => sizeText(blocks * space.blockSizeBytes);
  const told = parts
    .filter(([, blocks]) => blocks > 0)
    .map(([part, blocks]) => `${size(blocks)} ${part}`);
  return (
    <>
      <span class="space" title={told.join(', ')} aria-hidden="true">
        {parts.map(([part, blocks]) => (
          <span
            key={part}
            class={`space-${part}`}
            data-blocks={blocks}
            style={{ flex: `${blocks} 0 0` }}
          />
        ))}
      </span>
      <span class="small soft">
        {told.filter((text) => !text.endsWith('metadata')).join(' · ')}
      </span>
    </>
  );
}
