// The named schemas of the OpenAPI document. Routes that share a schema refer to the same one.
import { z } from 'zod';
import { zOperation } from '../../kernel/records/operation.ts';
import { filesystem } from '../../kernel/views/filesystem.ts';
import { zCommand } from '../../script/command-json.ts';
import { type Content, type Contract, jsonType } from '../contract.ts';
import { zProblemType } from '../routes/problems.ts';
import type { JsonSchema } from '../schema.ts';
import { withDescriptions } from './glossary.ts';
import { pascal, refTo, takeOutParts } from './parts.ts';
import { zProblem } from './problems.ts';

const uri = (id: string): string => refTo(id).$ref;

type Io = 'input' | 'output';
type Named = Map<z.ZodType, string>;

export interface Components {
  /** A reference to the schema if it has a name. */
  refTo(schema: z.ZodType): { $ref: string };
  schemas: Record<string, JsonSchema>;
}

/** Parts of answers that get a name of their own. */
const parts = (): Record<string, z.ZodType> => ({
  Blocker: zOperation.shape.blockedBy.element,
  Space: (filesystem.result as z.ZodObject).shape.space as z.ZodType,
  Problem: zProblem,
  ProblemType: zProblemType,
});

export function componentsOf(contracts: readonly Contract[]): Components {
  const answers: Named = new Map();
  // Several bodies have commands in them.
  const bodies: Named = new Map([[zCommand, 'Command']]);
  for (const [id, schema] of Object.entries(parts())) answers.set(schema, id);
  // Views come first, so that a schema is named after the view even if an operation returns it,
  // too.
  const ordered = [...contracts].sort((a, b) => rankOf(a) - rankOf(b));
  for (const contract of ordered) {
    if (contract.body?.type === jsonType)
      bodies.set(contract.body.schema, `${pascal(contract.name)}Args`);
    for (const { content } of contract.answers) {
      for (const schema of Object.values(content ?? {})) {
        if (isSchema(schema) && !answers.has(schema)) answers.set(schema, resultName(contract));
      }
    }
  }
  return {
    refTo(schema) {
      const id = answers.get(schema) ?? bodies.get(schema);
      if (id === undefined) throw new Error('a schema that no contract holds');
      return refTo(id);
    },
    schemas: takeOutParts({ ...schemasOf(answers, 'output'), ...schemasOf(bodies, 'input') }),
  };
}

export const isSchema = (content: Content): content is z.ZodType => content instanceof z.ZodType;

const rankOf = ({ name }: Contract): number => (name.startsWith('get-') ? 0 : 1);

/** Results that are not called after the contract that gives them first. */
const resultNames: Readonly<Record<string, string>> = {
  capabilities: 'Capabilities',
  cluster: 'Cluster',
  compare: 'Comparison',
  'create-ticket': 'Ticket',
  'create-token': 'IssuedToken',
  'delete-lab': 'LabSummary',
  'explain-operation': 'Explanation',
  index: 'Index',
  'list-problems': 'ProblemTypes',
  livez: 'Health',
  'metrics-targets': 'MetricsTargets',
  'set-strategy': 'StrategyInForce',
  trace: 'Trace',
  // The same for unlink, truncate, punch-hole and whatever else takes blocks from a file.
  unlink: 'BlocksResult',
};

/** The name of a result: `get-pin` gives Pin, `list-tokens` Tokens, and `sync` SyncResult. */
function resultName({ name }: Contract): string {
  const [, shown] = /^(?:get|list)-(.*)$/.exec(name) ?? [];
  return resultNames[name] ?? (shown === undefined ? `${pascal(name)}Result` : pascal(shown));
}

function schemasOf(named: Named, io: Io): Record<string, JsonSchema> {
  const ids = new Set(named.values());
  if (ids.size < named.size) throw new Error('two schemas have the same name');
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of named) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io, uri, unrepresentable: 'any' });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [
      id,
      withDescriptions(schema as JsonSchema, id),
    ]),
  );
}
