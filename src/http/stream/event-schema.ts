// An event of a stream as JSON. /asyncapi.json has the data of each type.
import { z } from 'zod';
import { zCount } from '../../kernel/units.ts';

export const zEnvelope = z.object({
  specversion: z.literal('1.0').describe('The version of CloudEvents.'),
  id: z.string().describe('`<epoch>.<seq>`, which is also the cursor after this event.'),
  seq: zCount.describe('Increases by one in each log.'),
  epoch: z.string().describe('A new epoch begins when the history of events does not continue.'),
  source: z.string().describe('`/v1/filesystems/{fs}`, or `/v1/labs/{lab}`.'),
  subject: z
    .string()
    .optional()
    .describe(
      '`files/{file}` with the name at that time, or `inodes/{ino}` if the file was already ' +
        'unlinked.',
    ),
  time: z
    .string()
    .describe('RFC 3339, by the clock of the filesystem; for a lab, by that of the server.'),
  datacontenttype: z.literal('application/json').describe('The type of `data`.'),
  operation: z
    .string()
    .optional()
    .describe('`op_…`: the operation that ran; absent for the release worker and the clock.'),
  op: z.string().optional().describe('The name of that operation, such as punch-hole.'),
});

/** An event of any type, for answers that contain events. */
export const zEvent = zEnvelope.extend({
  type: z.string().describe('A type of /asyncapi.json.'),
  data: z.record(z.string(), z.unknown()).describe('What the type defines.'),
});
