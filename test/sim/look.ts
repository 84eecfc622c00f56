// Views, as the doors read them.
import type { Kernel, Target } from '../../src/kernel/state.ts';
import { views } from '../../src/kernel/views/index.ts';

export function look(k: Kernel, name: string, target: Target = {}, query: Record<string, unknown> = {}): unknown {
  const view = views.get(name);
  if (view === undefined) throw new Error(`no view ${name}`);
  const seen = view.read(k, target, view.query.parse(query), k.nowMs);
  if (!seen.ok) throw new Error(`${name}: ${seen.failure.why}`);
  return seen.result;
}
