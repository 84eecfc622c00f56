// Whether anybody is stuck, in one sentence with what would end it.
import { readOnlyReason } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { notify } from '../parts/notices.tsx';
import { Sentence } from '../parts/sentence.tsx';
import { countText, plural } from '../parts/words.ts';
import { useKeys } from '../state/keys.ts';
import { waitGraph } from '../state/wait-graph.ts';
import { type Watched, watched } from '../state/watched.ts';
import { ReleaseButton, useExplanation } from './explained.tsx';
import { cancel, release, releaseAll } from './release.ts';
import { endingSentence, firstRelease, stuckSentence } from './stuck-sentence.ts';
import type { WaitRow } from './wait-rows.ts';

export function Stuck(props: { row: WaitRow; total: number; nowMs: number; withKeys: boolean }) {
  const now = watched.value;
  if (!now?.picture) return null;
  return <Oldest key={props.row.operation.id} {...props} now={now} />;
}

function Oldest({
  row,
  total,
  nowMs,
  withKeys,
  now,
}: {
  row: WaitRow;
  total: number;
  nowMs: number;
  withKeys: boolean;
  now: Watched;
}) {
  const { fs, picture } = now;
  const { id } = row.operation;
  const explained = useExplanation(fs, id).value.data;
  const released = explained?.released ?? null;
  const notRun = explained?.notRun ?? null;
  const known = notRun === null ? null : firstRelease(row.holders.map((holder) => holder.id));
  const first = released?.order[0] ?? known;
  useKeys(
    withKeys
      ? [
          {
            key: 'u',
            does: 'Unpin what the oldest wait needs first',
            run: () => {
              if (first?.do === 'unpin') ifAllowed(() => release(fs, first));
            },
          },
          {
            key: 'c',
            does: 'Cancel the operation that waits longest',
            run: () => ifAllowed(() => cancel(fs, id, { restart: false })),
          },
        ]
      : [],
  );
  if (picture === null) return null;
  const others = total - 1;
  return (
    <div class="stuck">
      <p>
        <Sentence parts={stuckSentence(picture, waitGraph.value.data, row, nowMs)} />{' '}
        <Sentence parts={endingSentence(released, notRun, known)} />
        {others === 0 ? null : (
          <span class="soft">{` ${plural(others, 'other operation')} ${others === 1 ? 'waits' : 'wait'}${behindText(row, others)}.`}</span>
        )}
      </p>
      {first === null ? null : (
        <div class="row">
          <ReleaseButton fs={fs} step={first} />
          {released !== null && released.order.length > 1 ? (
            <Button changes onClick={() => releaseAll(fs, released.order)}>
              {`Do all ${released.order.length} in order`}
            </Button>
          ) : null}
        </div>
      )}
    </div>
  );
}

/** A key does no more than a button: with a token that may only read it says why not. */
function ifAllowed(change: () => unknown): void {
  const reason = readOnlyReason.peek();
  if (reason === null) change();
  else notify(reason);
}

function behindText({ behind, behindAtLeast }: WaitRow, others: number): string {
  if (behind === null || behind === 0) return '';
  if (behindAtLeast) return `, at least ${countText(behind)} of them behind it`;
  return behind >= others ? ' behind it' : `, ${behind} of them behind it`;
}
