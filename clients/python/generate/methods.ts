// One operation of the document as methods of the client.
import {
  type Argument,
  bodiesOf,
  documented,
  type Fields,
  headersOf,
  mergedOf,
  queryOf,
  signature,
} from './arguments.ts';
import { type Document, nameIn, type Operation, type Schema } from './document.ts';
import { docstring, snake, wrap } from './python.ts';

const jsonType = 'application/json';

/** One route with one kind of body and one kind of answer. */
export interface Method {
  name: string;
  verb: string;
  /** Names of parameters in braces, and words. */
  path: string[];
  operation: Operation;
  bodies: Fields[];
  takesBytes: boolean;
  bodyType: string;
  query: Argument[];
  headers: Argument[];
  /** The Python type of the answer. */
  answer: string;
  accept: string;
  /** It is an operation of a filesystem, which can sleep. A lab answers 202 as well. */
  sleeps: boolean;
}

/** Answers by media type, each with its Python type. */
function answersOf({ responses }: Operation): [string, string][] {
  const good = Object.entries(responses).filter(([status]) => ['200', '201'].includes(status));
  return good.flatMap(([, { content = {} }]) =>
    Object.entries(content).map(([type, { schema }]): [string, string] => [
      type,
      answerType(type, schema),
    ]),
  );
}

function answerType(type: string, { $ref }: Schema): string {
  if ($ref !== undefined) return `models.${nameIn($ref)}`;
  return type.startsWith('text/') || type.startsWith('application/openmetrics') ? 'str' : 'bytes';
}

export function methodsOf(document: Document, at: string, verb: string, operation: Operation) {
  const answers = answersOf(operation);
  const [first] = answers;
  if (first === undefined) throw new Error(`${operation.operationId} has no answer with a body`);
  const base: Method = {
    name: snake(operation.operationId),
    verb,
    path: at.split('/').filter((part) => part !== ''),
    operation,
    bodies: [],
    takesBytes: false,
    bodyType: '',
    query: queryOf(operation, []),
    headers: headersOf(verb, operation),
    answer: first[1],
    accept: first[0],
    sleeps: '202' in operation.responses && at.startsWith('/v1/filesystems/{fs}/'),
  };
  return ofBodies(document, base).flatMap((one) => ofAnswers(one, answers));
}

/** A route that takes JSON or bytes has a method for each. */
function ofBodies(document: Document, base: Method): Method[] {
  const content = Object.entries(base.operation.requestBody?.content ?? {});
  if (content.length === 0) return [base];
  return content.map(([type, { schema }]) => {
    if (type !== jsonType) {
      const [, kind] = /\.(\w+)$/.exec(type) ?? [];
      const name = content.length === 1 ? base.name : `${base.name}_from_${kind}`;
      return { ...base, name, takesBytes: true, bodyType: type };
    }
    const bodies = bodiesOf(document, schema);
    const names = bodies.flatMap((body) => body.arguments.map(({ name }) => name));
    return { ...base, bodies, bodyType: type, query: queryOf(base.operation, names) };
  });
}

/** A route that also answers text has a second method, which takes the format. */
function ofAnswers(base: Method, answers: readonly [string, string][]): Method[] {
  const text = answers.find(([, type]) => type === 'str');
  if (text === undefined || base.answer === 'str') return [base];
  const format = base.query.filter(({ name }) => name === 'format');
  const others = base.query.filter(({ name }) => name !== 'format');
  return [
    { ...base, query: others },
    {
      ...base,
      name: `${base.name}_text`,
      query: [...format.map((one) => ({ ...one, required: true })), ...others],
      answer: 'str',
      accept: '*/*',
    },
  ];
}

const wait: Argument = {
  name: 'wait',
  python: 'wait',
  type: 'float',
  required: false,
  description:
    'How many seconds to wait for the end; StillWaiting after it. Default: as long as it takes.',
};

const parameterIn = (part: string): string | undefined => /^\{(\w+)\}$/.exec(part)?.[1];

export const isOfFilesystem = ({ path }: Method): boolean => path[2] === '{fs}';

/** The object of a filesystem knows its name. */
const nameOf = (method: Method, parameter: string): string =>
  parameter === 'fs' && isOfFilesystem(method) ? 'self.name' : snake(parameter);

/** What the call names before all else. */
const positional = (method: Method): string[] => [
  ...method.path
    .map(parameterIn)
    .filter((name) => name !== undefined)
    .map((name) => nameOf(method, name ?? ''))
    .filter((name) => name !== 'self.name')
    .map((name) => `${name}: str,`),
  ...(method.takesBytes ? ['data: bytes,'] : []),
];

const namedOf = (method: Method, fields: readonly Argument[]): Argument[] => [
  ...fields,
  ...method.query,
  ...method.headers,
];

function header(method: Method, fields: Fields, extra: readonly Argument[], returns: string) {
  const named = [...namedOf(method, fields.arguments), ...extra];
  const lines = [
    'self,',
    ...positional(method),
    ...(named.length === 0 ? [] : ['*,']),
    ...signature(named),
    ...(fields.open ? ['**options: Any,'] : []),
  ];
  const short = `    def ${method.name}(${lines.map((one) => one.slice(0, -1)).join(', ')}) -> ${returns}:`;
  if (short.length <= 96) return [short];
  return [
    `    def ${method.name}(`,
    ...lines.map((one) => `        ${one}`),
    `    ) -> ${returns}:`,
  ];
}

/** The problems with an errno that the route can answer with. */
function errnosOf({ components }: Document, { responses }: Operation): string[] {
  const errnos = Object.values(responses).flatMap((response) => {
    const { content = {} } =
      response.$ref === undefined ? response : (components.responses[nameIn(response.$ref)] ?? {});
    const examples = content['application/problem+json']?.examples ?? {};
    return Object.keys(examples).map((name) => components.examples[name]?.value.errno);
  });
  return [...new Set(errnos.filter((errno) => errno !== undefined))].sort();
}

function documentation(
  document: Document,
  method: Method,
  fields: Fields,
  extra: readonly Argument[],
): string[] {
  const { operation } = method;
  const args = documented([...namedOf(method, fields.arguments), ...extra]);
  const errnos = errnosOf(document, operation);
  const indent = ' '.repeat(8);
  return docstring(
    indent,
    `${operation.summary}.`,
    operation.description,
    args.length === 0 ? [] : [`${indent}Args:`, ...args],
    errnos.length === 0
      ? []
      : [
          `${indent}Raises:`,
          ...wrap(
            `Problem: the server refuses; its errno can be ${errnos.join(', ')}.`,
            ' '.repeat(12),
            ' '.repeat(16),
          ),
        ],
  );
}

function entries(list: readonly Argument[], open = false): string {
  const pairs = list.map(({ name, python }) => `${JSON.stringify(name)}: ${python}`);
  return `{${[...pairs, ...(open ? ['**options'] : [])].join(', ')}}`;
}

function callOf(method: Method, fields: Fields): string[] {
  const path = method.path.map((part) => {
    const name = parameterIn(part);
    return name === undefined ? JSON.stringify(part) : nameOf(method, name);
  });
  const { query, headers, verb, answer, accept, bodyType } = method;
  const json = method.bodies.length > 0;
  return [
    `Call[${answer}](`,
    `    ${JSON.stringify(verb.toUpperCase())},`,
    `    (${path.join(', ')}${path.length === 1 ? ',' : ''}),`,
    `    ${answer},`,
    ...(accept === jsonType ? [] : [`    accept=${JSON.stringify(accept)},`]),
    ...(query.length === 0 ? [] : [`    query=${entries(query)},`]),
    ...(headers.length === 0 ? [] : [`    headers=${entries(headers)},`]),
    ...(json ? [`    json=${entries(fields.arguments, fields.open)},`] : []),
    ...(method.takesBytes ? ['    data=data,', `    data_type=${JSON.stringify(bodyType)},`] : []),
    ')',
  ].flatMap((line) => folded(line));
}

/** A mapping that is too long for a line has one line for each entry. */
function folded(line: string): string[] {
  const [, before, inner] = /^( *\w+=\{)(.*)\},$/.exec(line) ?? [];
  if (before === undefined || inner === undefined || line.length <= 80) return [line];
  return [before, ...inner.split(', ').map((one) => `        ${one},`), '    },'];
}

const none: Fields = { arguments: [], open: false };

/** The method that waits for the end of the operation, if it can sleep. */
export function waitingMethod(document: Document, method: Method): string[] {
  const extra = method.sleeps ? [wait] : [];
  const merged: Fields = {
    arguments: mergedOf(method.bodies.map((body) => body.arguments)),
    open: method.bodies.some(({ open }) => open),
  };
  const overloads =
    method.bodies.length > 1
      ? method.bodies.flatMap((body) => [
          '    @overload',
          ...header(method, body, extra, method.answer),
          '        ...',
          '',
        ])
      : [];
  const call = callOf(method, merged).map((line) => `            ${line}`);
  const body = method.sleeps
    ? [
        '        return self._done(',
        ...call.slice(0, -1),
        `${call.at(-1)},`,
        '            wait,',
        '        )',
      ]
    : ['        return self._answer(', ...call, '        )'];
  return [
    ...overloads,
    ...header(method, merged, extra, method.answer),
    ...documentation(document, method, merged, extra),
    ...body,
    '',
  ];
}

/** The method that starts the operation and does not wait. */
export function startingMethod(method: Method): string[] {
  const fields = method.bodies[0] ?? none;
  const call = callOf(method, fields).map((line) => `            ${line}`);
  return [
    ...header(method, fields, [], `Pending[${method.answer}]`),
    ...docstring(
      ' '.repeat(8),
      `Starts FilesystemOperations.${method.name}, which tells what it does and what it takes.`,
    ),
    '        return self._start(',
    ...call,
    '        )',
    '',
  ];
}
