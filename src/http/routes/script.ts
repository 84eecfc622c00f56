// The past of a filesystem as a script that a person can keep, read and play.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Slice } from '../../durable/slice.ts';
import { argsOf } from '../../kernel/fork.ts';
import { memoryOf } from '../../kernel/memory.ts';
import { operations } from '../../kernel/ops/index.ts';
import type { MkfsArgs } from '../../kernel/ops/mkfs.ts';
import type { Kernel } from '../../kernel/state.ts';
import { opId } from '../../kernel/units.ts';
import { commandText, mkfsText } from '../../script/golden.ts';
import { type Told, toldBy } from '../../script/told.ts';
import { xfsIoLine } from '../../script/xfs-io-lines.ts';
import type { AppContext } from '../app-context.ts';
import { curlHead, curlLine, curlOfMkfs } from '../curl-line.ts';
import { holdBytes } from '../held-bytes.ts';
import { HttpProblem } from '../problem.ts';
import { hostedOf } from '../target.ts';
import { contractOf, type Handling, queryParserOf, type Route } from './define.ts';
import { askedSpan, zSpanQuery } from './span.ts';

const zScriptQuery = zSpanQuery.extend({
  format: z
    .enum(['golden', 'curl', 'xfs_io'])
    .default('golden')
    .describe(
      'golden: one command on a line, in the form of the golden traces. curl: a shell script for ' +
        'any server. xfs_io: lines for xfs_io(8); what it cannot do is a comment.',
    ),
});

const textType = 'text/plain';

const contract = contractOf({
  name: 'get-script',
  url: '/v1/filesystems/:fs/script',
  scope: 'read',
  tag: 'filesystem',
  summary: 'Export a span of the past as a script',
  doc:
    'The commands as text. Played on a new filesystem, or on a fork at the cursor where the span ' +
    'begins, they give the same. A script has a manual clock: where a realtime clock moved by ' +
    'itself there is a `clock-advance`, which takes the number of an operation, and operations ' +
    'have the numbers that they get when the script is played. Preconditions (If-Match) that ' +
    'held are left out, because ETags differ.',
  query: zScriptQuery,
  answers: [{ status: 200, doc: 'The script.', content: { [textType]: 'text' } }],
  problems: ['einval', 'efbig', 'past-not-kept', 'edquot', 'memory-full', 'reply-too-large'],
});

/** How each form writes the head, the mkfs of a whole past, and a command. */
interface Form {
  head(name: string): string;
  mkfs(args: MkfsArgs): string;
  line(told: Told, of: { stepped: boolean }): string;
}

const forms: Record<z.infer<typeof zScriptQuery>['format'], Form> = {
  golden: {
    head: (name) => `# The past of ${name}.`,
    mkfs: (args) => `> ${mkfsText(args)}`,
    line({ command, task }) {
      const number = operations.get(command.op)?.waits === true ? ` (${opId(task)})` : '';
      return `> ${commandText(command)}${number}`;
    },
  },
  curl: { head: curlHead, mkfs: curlOfMkfs, line: curlLine },
  xfs_io: {
    head: (name) => `# The past of ${name}, as far as xfs_io can do it.`,
    mkfs: (args) => `# ${mkfsText(args)}`,
    line: xfsIoLine,
  },
};

/** A filesystem as mkfs leaves it, and not one that began as a fork. */
const isNew = (k: Kernel): boolean => k.seq === 0 && k.nextTask === 1 && k.inodes.size === 0;

function handlingOf(context: AppContext): Handling {
  const { engine, config } = context;
  const queryOf = queryParserOf(zScriptQuery);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const fs = hostedOf(engine, request);
    const { from, to, format } = queryOf(request);
    const form = forms[format];
    // The machine that plays the span, its entries and the text.
    holdBytes(context, request, reply, 2 * Math.ceil(memoryOf(fs.kernel)));
    const span = await askedSpan(context, fs, { from, to });
    const { kernel, entries, events } = span;
    const stepped = kernel.geometry.scheduler === 'stepped';
    const begin = isNew(kernel)
      ? form.mkfs({ ...argsOf(kernel), clock: 'manual' })
      : `# It begins after the event ${fs.ring.cursorAt(events)}: play it on a fork at that cursor.`;
    const lines = [form.head(fs.name), begin];
    let left = config.contentBytesMax;
    const slice = new Slice(sliceMs);
    for (const told of toldBy(kernel, entries)) {
      if (slice.isOver) await slice.rest();
      if (told === null) continue;
      const line = form.line(told, { stepped });
      left -= line.length + 1;
      if (left < 0) throw tooLong(config.contentBytesMax);
      lines.push(line);
    }
    return reply.header('content-type', `${textType}; charset=utf-8`).send(`${lines.join('\n')}\n`);
  };
  return { handler };
}

/** How long a script is written before other callbacks run. */
const sliceMs = 5;

const tooLong = (limit: number): HttpProblem =>
  new HttpProblem(
    'reply-too-large',
    `The script has more than ${limit} bytes; ask for a shorter span with from and to.`,
    { limit },
  );

export const scriptRoute: Route = { contracts: [contract], handle: handlingOf };
