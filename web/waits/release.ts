// Lets go what somebody waits for: unpin, munmap, a signal.
import { body, rest } from '../api/session.ts';
import { confirm } from '../parts/confirm.tsx';
import { attempt, notify } from '../parts/notices.tsx';
import { plural } from '../parts/words.ts';
import { type ReleaseStep, releaseLabel } from './stuck-sentence.ts';

/** Resolves to null if the server refused it; then a notice says why. */
export function release(fs: string, { do: what, id }: ReleaseStep): Promise<unknown> {
  if (what === 'cancel') return cancel(fs, id, { restart: false });
  return attempt<unknown>(() =>
    what === 'unpin'
      ? body(
          rest.value.DELETE('/v1/filesystems/{fs}/pins/{pin}', {
            params: { path: { fs, pin: id } },
          }),
        )
      : body(
          rest.value.DELETE('/v1/filesystems/{fs}/mappings/{mapping}', {
            params: { path: { fs, mapping: id } },
          }),
        ),
  );
}

export const cancel = (fs: string, operation: string, { restart }: { restart: boolean }) =>
  attempt(() =>
    body(
      rest.value.POST('/v1/filesystems/{fs}/operations/{operation}/cancel', {
        params: { path: { fs, operation } },
        body: { restart },
      }),
    ),
  );

/** All of it, one after another; stops at the first that is refused. */
export async function releaseAll(fs: string, order: readonly ReleaseStep[]): Promise<void> {
  const agreed = await confirm({
    title: `Do all ${order.length} in this order?`,
    text: `${order.map(releaseLabel).join(', ')}. A device loses the pages that it holds, a process its mapping, and a cancelled operation ends with EINTR.`,
    yes: `Do all ${order.length}`,
  });
  if (!agreed) return;
  for (const [at, step] of order.entries())
    if ((await release(fs, step)) === null) {
      notify(`${plural(at, 'step')} of ${order.length} done; ${releaseLabel(step)} was refused.`);
      return;
    }
}
