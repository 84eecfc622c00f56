// The AsyncAPI 3 document of the event streams, generated from the schemas that the stream itself
// uses and from the table of events.
import type { z } from 'zod';
import { type LabEventType, labEventTable, labEventTypes } from '../../durable/lab-events.ts';
import { type EventType, eventTable, zWhose } from '../../kernel/events.ts';
import { version } from '../../version.ts';
import { type Contract, pathNames } from '../contract.ts';
import { type JsonSchema, jsonSchemaOf } from '../schema.ts';
import { subprotocols } from '../stream/encoding.ts';
import { typePrefix } from '../stream/envelope.ts';
import { zEnvelope } from '../stream/event-schema.ts';
import { clientMessages, closings, serverMessages } from '../stream/messages.ts';
import { withDescriptions } from './glossary.ts';
import { pathParameters } from './item.ts';

const pascal = (name: string): string =>
  name.replace(/(^|[-._])(\w)/g, (_, _dash, letter: string) => letter.toUpperCase());
const schemaRef = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const messageRef = (name: string) => ({ $ref: `#/components/messages/${name}` });

const epoch = '4f1d2c3b5a69788796';
/** The data of an event type, with the fields that name its file. */
function dataSchema(type: EventType, data: z.ZodType): JsonSchema {
  const schema = jsonSchemaOf(data, 'output');
  const whose = jsonSchemaOf(zWhose, 'output');
  const properties = { ...(whose.properties as object), ...(schema.properties as object) };
  return withDescriptions({ ...schema, properties }, pascal(type));
}

function labEventSchema(type: LabEventType): JsonSchema {
  const { doc, data } = labEventTable[type];
  const schema = withDescriptions(jsonSchemaOf(data, 'output'), pascal(type));
  return envelopeWith(type, `${doc} Only in the stream of the tenant.`, schema);
}

function eventSchema(type: EventType): JsonSchema {
  const { doc, data } = eventTable[type];
  return envelopeWith(type, doc, dataSchema(type, data));
}

function envelopeWith(type: string, doc: string, data: JsonSchema): JsonSchema {
  const envelope = jsonSchemaOf(zEnvelope, 'output');
  return {
    ...envelope,
    description: doc,
    properties: {
      ...(envelope.properties as object),
      type: { const: `${typePrefix}${type}`, description: 'The type of the event.' },
      data: { ...data, description: 'What the event says.' },
    },
    required: [...(envelope.required as string[]), 'type', 'data'],
  };
}

const example = {
  type: 'event',
  id: 'query',
  cursor: `${epoch}.7`,
  events: [
    {
      specversion: '1.0',
      id: `${epoch}.7`,
      seq: 7,
      epoch,
      source: '/v1/filesystems/scratch',
      type: `${typePrefix}page.idle`,
      time: '2026-01-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      data: { pfn: 2 },
      operation: 'op_8',
      op: 'unpin',
    },
  ],
};

const said = Object.keys(clientMessages);
const heard = ['event', ...Object.keys(serverMessages)];

/** `events` and `tenant-events` are the channels `events` and `tenantEvents`. */
const channelName = ({ name }: Contract): string =>
  name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

function channel({ url, summary, query }: Contract): JsonSchema {
  const parameters = pathNames(url).map((name) => [
    name,
    { description: pathParameters[name]?.description },
  ]);
  return {
    address: url.replace(/:(\w+)/g, '{$1}'),
    title: summary,
    description:
      `Over a WebSocket (subprotocols ${Object.keys(subprotocols).join(', ')}), with \`Accept: ` +
      'text/event-stream` as server-sent events, with `Accept: application/x-ndjson` as ' +
      'lines of JSON.',
    messages: Object.fromEntries([...said, ...heard].map((name) => [name, messageRef(name)])),
    ...(parameters.length === 0 ? {} : { parameters: Object.fromEntries(parameters) }),
    bindings: {
      ws: {
        method: 'GET',
        query: withDescriptions(jsonSchemaOf(query, 'input'), 'message'),
        headers: {
          type: 'object',
          properties: { Authorization: { type: 'string', description: 'Bearer …' } },
        },
        bindingVersion: '0.1.0',
      },
    },
  };
}

function operationsOf(name: string): JsonSchema {
  const on = { $ref: `#/channels/${name}` };
  const messages = (names: string[]) =>
    names.map((message) => ({ $ref: `#/channels/${name}/messages/${message}` }));
  return {
    [`send${pascal(name)}`]: {
      action: 'send',
      channel: on,
      summary: 'Messages of the server.',
      messages: messages(heard),
    },
    [`receive${pascal(name)}`]: {
      action: 'receive',
      channel: on,
      summary: 'Messages of the client on a WebSocket.',
      messages: messages(said),
    },
  };
}

export function asyncApi(contracts: readonly Contract[]): JsonSchema {
  const streams = contracts.filter(({ webSocket }) => webSocket === true);
  const types = Object.keys(eventTable) as EventType[];
  const event = {
    type: 'object',
    description: 'Events in order; the events of one command are never split.',
    properties: {
      type: { const: 'event', description: 'The type of the message.' },
      id: { type: 'string', description: 'The subscription; `query` if the URL created it.' },
      cursor: {
        type: 'string',
        description: 'The position after these events and after those that the filter hid.',
      },
      events: {
        type: 'array',
        description: 'The events, in order.',
        items: { oneOf: [...types, ...labEventTypes].map((type) => schemaRef(pascal(type))) },
      },
    },
    required: ['type', 'id', 'cursor', 'events'],
  };
  const control = { ...clientMessages, ...serverMessages };
  const closes = Object.values(closings).map(({ code, doc }) => `${code}: ${doc}`);
  return {
    asyncapi: '3.0.0',
    id: 'urn:pinhole:events',
    info: {
      title: 'Pinhole events',
      version,
      description:
        'The ordered, resumable event log of a filesystem, or of all filesystems and labs of a ' +
        'tenant. ' +
        `Close codes:\n\n${closes.map((line) => `- ${line}`).join('\n')}`,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      local: {
        host: 'localhost:8080',
        protocol: 'ws',
        description: 'The same URL serves HTTP.',
        security: [{ $ref: '#/components/securitySchemes/bearer' }],
      },
    },
    channels: Object.fromEntries(streams.map((one) => [channelName(one), channel(one)])),
    operations: Object.assign({}, ...streams.map((one) => operationsOf(channelName(one)))),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      messages: {
        event: {
          name: 'event',
          title: 'event',
          payload: event,
          examples: [{ name: 'idle', payload: example }],
        },
        ...Object.fromEntries(
          Object.entries(control).map(([name, schema]) => [
            name,
            {
              name,
              title: name,
              payload: withDescriptions(jsonSchemaOf(schema, 'input'), 'message'),
            },
          ]),
        ),
      },
      schemas: Object.fromEntries([
        ...types.map((type) => [pascal(type), eventSchema(type)]),
        ...labEventTypes.map((type) => [pascal(type), labEventSchema(type)]),
      ]),
    },
  };
}
