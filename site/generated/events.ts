import { z } from 'zod';
import { eventTable } from '../../src/kernel/events.ts';
import { code, page, plain, table } from './text.ts';

interface Field {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  description?: string;
  anyOf?: Field[];
  items?: Field;
}

function typeOf({ type, enum: values, const: one, anyOf, items }: Field): string {
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (values !== undefined) return values.map((value) => code(String(value))).join(', ');
  if (one !== undefined) return code(String(one));
  if (type === 'array') return `list of ${typeOf(items ?? {})}`;
  return [type ?? 'any'].flat().join(' or ');
}

function section([type, { doc, data }]: [string, { doc: string; data: z.ZodObject }]): string {
  const { properties = {}, required = [] } = z.toJSONSchema(data, { io: 'output' }) as {
    properties?: Record<string, Field>;
    required?: string[];
  };
  const rows = Object.entries(properties).map(([name, field]) => [
    code(name) + (required.includes(name) ? '' : ' (optional)'),
    typeOf(field),
    plain(field.description ?? ''),
  ]);
  const fields = rows.length === 0 ? 'No data.' : table(['field', 'type', 'meaning'], rows);
  return `## \`pinhole.${type}\`\n\n${plain(doc)}\n\n${fields}`;
}

export const events = (): string =>
  page(
    '# The events',
    'Each change of a filesystem is an event. An event is a CloudEvent (version 1.0): `id` is `<epoch>.<seq>`, which is also the cursor ' +
      'after the event; `type` is one of those below; `data` has the fields of its type. An event about a file also has `ino` in its data. ' +
      'Offsets and lengths are bytes, times are milliseconds, pfns are pages of the device.',
    '`GET /asyncapi.json` has the same as schemas. [The interface](./interface.md#events) says how to subscribe.',
    ...Object.entries(eventTable).map(section),
  );
