// Finds the outcome of requests whose answer an earlier process did not store before it ended.
import { ownerAndKey } from '../durable/keys.ts';
import type { AnswerRecord } from '../durable/records.ts';
import type { RecoveredFilesystem, World } from '../durable/world.ts';
import type { Engine } from '../engine/engine.ts';
import type { Labs } from '../labs/labs.ts';
import type { Tenants } from '../tenants/tenants.ts';
import type { Became } from './answers.ts';

interface Results {
  filesystems: readonly Pick<RecoveredFilesystem, 'id' | 'results'>[];
  unrecovered: World['unrecovered'];
}

/** Call it after the engine and the tenants have adopted the world. */
export function becameOf(
  { filesystems, unrecovered }: Results,
  engine: Engine,
  tenants: Tenants,
  labs: Pick<Labs, 'findOf'> | null,
): (record: string, became: AnswerRecord['became']) => Became {
  const results = new Map(filesystems.map((fs) => [fs.id, fs.results]));
  const stopped = new Set(unrecovered.map(({ id }) => id));
  return (record, became) => {
    if (became === null) return { kind: 'forgotten' };
    if ('tenant' in became) {
      const tenant = tenants.get(became.tenant);
      return tenant === undefined ? { kind: 'forgotten' } : { kind: 'tenant', tenant };
    }
    if ('lab' in became) {
      const { owner } = ownerAndKey(record);
      const lab = labs?.findOf(owner, became.lab);
      return lab === undefined ? { kind: 'forgotten' } : { kind: 'lab', lab };
    }
    const { id, seq } = became;
    const fs = stopped.has(id) ? engine.findById(id) : undefined;
    // The repeated request then gets the answer that the filesystem has stopped.
    if (fs !== undefined) return { kind: 'operation', fs, submission: { task: 0, outcome: null } };
    const found = engine.became(id, seq, results.get(id)?.get(record));
    if (found === null) return { kind: 'forgotten' };
    return seq === 0 ? { kind: 'filesystem', fs: found.fs } : { kind: 'operation', ...found };
  };
}
