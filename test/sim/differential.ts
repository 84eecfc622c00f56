// Applies the acknowledged changes of a run, in the order in which they took effect, to other
// machines: under every strategy the files must end with the same bytes.
import { machine, okOf } from '../machine.ts';
import { Broken, machinery } from './broken.ts';
import { safeChoices } from './config.ts';
import type { Content } from './content.ts';
import { rawContent } from './model-file.ts';
import type { World } from './world.ts';

const roomy = 4096;

export function differential(world: World, content: Content): void {
  const { config, k } = world;
  const others = safeChoices.filter(({ name }) => name !== k.strategy.name);
  const strategy = others[world.entries % others.length];
  if (strategy === undefined || config.kind === 'ext2' || config.kind === 'btrfs') return;
  const { kind, kernel } = config;
  const m = machine({ kind, kernel, strategy, blocks: roomy, checkEvery: 1_000_000 });
  const names = new Map<number, string>();
  for (const { op, ino, other = 0, args, data } of content.effects) {
    const file = names.get(ino) ?? `f${ino}`;
    if (op === 'create') {
      names.set(ino, file);
      machinery(() => m.create(file, Number(args.sizeBytes)));
    } else if (op === 'evict') {
      machinery(() => okOf(m.unlink(file)));
    } else {
      const more = op === 'exchange-range' ? { ...args, with: names.get(other) } : args;
      const ran = machinery(() => m.call(op, { file }, more, {}, data));
      if (ran.outcome?.ok !== true)
        throw new Broken(
          'differential',
          `${op} of ${file} under ${strategy.name}: ${JSON.stringify(ran.outcome)}`,
        );
    }
  }
  for (const [name, ino] of k.names) {
    const [is, was] = [rawContent(m.k, `f${ino}`), rawContent(k, name)];
    if (Buffer.compare(is, was) !== 0)
      throw new Broken(
        'differential',
        `${name} under ${strategy.name} differs from ${k.strategy.name}`,
      );
  }
}
