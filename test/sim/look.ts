// Reads views like the HTTP routes do.
import type { Kernel, Target } from '../../src/kernel/state.ts';
import { views } from '../../src/kernel/views/index.ts';
import { Broken, machinery } from './broken.ts';

export function look(
  k: Kernel,
  name: string,
  target: Target = {},
  query: Record<string, unknown> = {},
): unknown {
  const view = views.get(name);
  if (view === undefined) throw new Error(`no view ${name}`);
  const given = view.query.parse(query);
  const seen = machinery(() => view.read(k, target, given, k.nowMs));
  if (!seen.ok)
    throw new Broken(
      'view',
      `${name} of ${JSON.stringify(target)} is refused: ${seen.failure.why}`,
    );
  return seen.result;
}
