// Every problem that the server answers with: its status, title, description, errno and rule.
import { type Errno, errnoTable } from '../kernel/errno.ts';

interface Row {
  status: number;
  title: string;
  doc: string;
  /**
   * The errno that fits best, and the rule of docs/spec.md. Absent for failures of the kernel,
   * which have their own errno and rule.
   */
  cause?: { errno: Errno; rule: string };
}

const row = (status: number, title: string, doc: string, errno: Errno, rule: string): Row => ({
  status,
  title,
  doc,
  cause: { errno, rule },
});
const errnoRow = (status: number, errno: Errno): Row => ({
  status,
  title: errno,
  doc: errnoTable[errno],
});

const errnoRows: Record<Lowercase<Errno>, Row> = {
  eacces: errnoRow(403, 'EACCES'),
  eagain: errnoRow(409, 'EAGAIN'),
  ebusy: errnoRow(409, 'EBUSY'),
  edeadlk: errnoRow(409, 'EDEADLK'),
  edquot: errnoRow(507, 'EDQUOT'),
  eexist: errnoRow(409, 'EEXIST'),
  efault: errnoRow(422, 'EFAULT'),
  efbig: errnoRow(400, 'EFBIG'),
  ehwpoison: errnoRow(422, 'EHWPOISON'),
  eintr: errnoRow(409, 'EINTR'),
  einval: errnoRow(400, 'EINVAL'),
  eio: errnoRow(422, 'EIO'),
  enodev: errnoRow(410, 'ENODEV'),
  enoent: errnoRow(404, 'ENOENT'),
  enomem: errnoRow(507, 'ENOMEM'),
  enospc: errnoRow(507, 'ENOSPC'),
  enxio: errnoRow(422, 'ENXIO'),
  eopnotsupp: errnoRow(422, 'EOPNOTSUPP'),
  estale: errnoRow(412, 'ESTALE'),
  sigbus: errnoRow(422, 'SIGBUS'),
};

const transportRows = {
  'unknown-field': row(
    400,
    'Unknown field',
    'The body or the query has a field that this operation does not define. `fields` names ' +
      'it; remove it and send the request again.',
    'EINVAL',
    'H1',
  ),
  'invalid-value': row(
    400,
    'Invalid value',
    'A field is missing, has the wrong type or is out of range. `fields` names each such ' +
      'field and what it accepts.',
    'EINVAL',
    'H2',
  ),
  'invalid-body': row(
    400,
    'Invalid body',
    'The body is not a JSON object in UTF-8, or it nests more deeply than --json-depth-max allows.',
    'EINVAL',
    'H3',
  ),
  'invalid-header': row(
    400,
    'Invalid header',
    'A header that this operation reads is malformed. `detail` names the header and the form ' +
      'that it must have.',
    'EINVAL',
    'H4',
  ),
  'bad-request': row(
    400,
    'Bad request',
    'The request is not valid HTTP, or its URL is malformed.',
    'EINVAL',
    'H5',
  ),
  unauthorized: row(
    401,
    'Unauthorized',
    'The request has no bearer token, or its token is unknown, expired or revoked.',
    'EACCES',
    'H6',
  ),
  'missing-scope': row(
    403,
    'Missing scope',
    'The token does not have the scope that this route needs. `scope` names it; use a token ' +
      'that has it.',
    'EACCES',
    'H7',
  ),
  'forbidden-origin': row(
    403,
    'Forbidden origin',
    'A request without a token is accepted only from a local program or from a page of this ' +
      'server, and only under a loopback host name. --allowed-origins and --allowed-hosts allow ' +
      'more. A ticket is valid for one stream and one origin.',
    'EACCES',
    'H8',
  ),
  'no-such-route': row(
    404,
    'No such route',
    'This server has no route at this URL. GET /openapi.json lists all routes.',
    'ENOENT',
    'H9',
  ),
  'no-such-thing': row(
    404,
    'Not found',
    'There is no tenant, token, problem type or rule of this name.',
    'ENOENT',
    'T1',
  ),
  'method-not-allowed': row(
    405,
    'Method not allowed',
    'The URL exists but does not accept this method. The header `Allow` lists the methods ' +
      'that it accepts.',
    'EOPNOTSUPP',
    'H10',
  ),
  'request-timeout': row(
    408,
    'Request timeout',
    'The request did not arrive completely within --headers-timeout-ms or ' +
      '--request-timeout-ms. Send it again.',
    'EAGAIN',
    'H21',
  ),
  'already-exists': row(
    409,
    'Already exists',
    'A tenant of this name exists already. Choose another name.',
    'EEXIST',
    'H11',
  ),
  'key-in-use': row(
    409,
    'Idempotency key in use',
    'The first request with this Idempotency-Key is still running. Send the request again ' +
      'later to get its answer.',
    'EAGAIN',
    'H23',
  ),
  'key-reused': row(
    422,
    'Idempotency key reused',
    'This Idempotency-Key was used with a different request before. Use a new key for a new ' +
      'request.',
    'EINVAL',
    'H22',
  ),
  'answer-not-kept': row(
    409,
    'Answer not kept',
    'The first request with this Idempotency-Key was accepted, but its answer is not stored, ' +
      'so the request is not executed again. Answers that contain a secret or are too long are ' +
      'never stored. `location`, where present, is the URL of what the first request created.',
    'EEXIST',
    'H24',
  ),
  'too-many-keys': row(
    503,
    'Too many idempotency keys',
    'The tenant has reached --idempotency-keys-max, the maximum number of running requests ' +
      'with an Idempotency-Key. Nothing was changed; try again later.',
    'EAGAIN',
    'H23',
  ),
  'in-use': row(
    409,
    'In use',
    'The tenant cannot be deleted: it still has filesystems, is being deleted already, or is ' +
      'the tenant of callers without a token.',
    'EBUSY',
    'H12',
  ),
  'precondition-failed': row(
    412,
    'Precondition failed',
    'The precondition in If-Match or If-None-Match does not hold; `header` names which. Read ' +
      'the current ETag and decide again.',
    'ESTALE',
    'NM5',
  ),
  'too-large': row(
    413,
    'Too large',
    'The body is longer than this route accepts. `limit` is the maximum in bytes.',
    'EFBIG',
    'H13',
  ),
  'reply-too-large': row(
    400,
    'Reply too large',
    'The request asks for more bytes than one request may read. `limit` is the maximum; ask ' +
      'for a smaller range.',
    'EFBIG',
    'H14',
  ),
  'uri-too-long': row(
    414,
    'URI too long',
    'A segment of the URL is longer than the longest possible name or id.',
    'EINVAL',
    'H5',
  ),
  'unsupported-media-type': row(
    415,
    'Unsupported media type',
    'The body has a media type or content coding that this route does not accept. `accepts` ' +
      'names what it accepts.',
    'EINVAL',
    'H15',
  ),
  'range-not-satisfiable': row(
    416,
    'Range not satisfiable',
    'The requested range begins at or beyond the end of the content. The header Content-Range ' +
      'gives its size.',
    'EINVAL',
    'H16',
  ),
  'expectation-failed': row(
    417,
    'Expectation failed',
    'The header Expect asks for something other than `100-continue`, the only expectation ' +
      'that this server supports.',
    'EOPNOTSUPP',
    'H31',
  ),
  'headers-too-large': row(
    431,
    'Headers too large',
    'The URL and headers together are longer than --header-bytes-max allows.',
    'EINVAL',
    'H5',
  ),
  'too-many-tokens': row(
    507,
    'Too many tokens',
    'The tenant has reached --tokens-per-tenant-max, the maximum number of unexpired tokens. ' +
      'Revoke one first.',
    'EDQUOT',
    'Q1',
  ),
  'too-many-tenants': row(
    507,
    'Too many tenants',
    'The server has reached --tenants-max, the maximum number of tenants. Delete one first.',
    'EDQUOT',
    'H17',
  ),
  'memory-full': row(
    507,
    'Memory full',
    'The memory that the server holds for its tenants has reached --memory-max. Operations ' +
      'that need memory are refused; operations that free it still work. Nothing was changed.',
    'EDQUOT',
    'H17',
  ),
  'past-not-kept': row(
    410,
    'Past not kept',
    'The journal no longer has this moment of the filesystem, or the cursor is of another epoch. ' +
      '`oldest` is the cursor of the oldest moment that is kept; null if none is.',
    'ESTALE',
    'FK3',
  ),
  'too-many-filesystems': row(
    507,
    'Too many filesystems',
    'The server has reached --filesystems-max, the maximum number of filesystems. Remove one ' +
      'first.',
    'EDQUOT',
    'H17',
  ),
  'compare-too-large': row(
    422,
    'Comparison too large',
    'The comparison has too many commands, or needs too many turns or too much memory. `limit` ' +
      'is the maximum; compare fewer commands or a smaller filesystem.',
    'EINVAL',
    'CM1',
  ),
  'compare-timeout': row(
    422,
    'Comparison took too long',
    'The comparison was given up after --compare-ms. Compare fewer commands or fewer strategies.',
    'EINTR',
    'CM2',
  ),
  'compare-busy': row(
    503,
    'Too many comparisons',
    'The server or the tenant already has as many comparisons as it may have. `limit` is the ' +
      'maximum. Nothing was changed; try again later.',
    'EAGAIN',
    'CM3',
  ),
  'invalid-workload': row(
    400,
    'Invalid workload',
    'A field of the workload, or of the request to run it, is wrong. `fields` names each mistake, ' +
      'with its line and column if the workload is a text.',
    'EINVAL',
    'LB1',
  ),
  'labs-busy': row(
    503,
    'Too many labs',
    'The server already has as many labs that wait or run as it may have (--labs-max), or too ' +
      'many requests that its threads have to check. Nothing was changed; try again later.',
    'EAGAIN',
    'LB3',
  ),
  'lab-has-no-result': row(
    409,
    'Lab has no result',
    'The lab has not ended, has failed or was cancelled. Its `state` says which.',
    'EAGAIN',
    'LB2',
  ),
  'inbox-full': row(
    503,
    'Inbox full',
    'This filesystem has reached --inbox-max, the maximum number of waiting commands. Nothing ' +
      'was changed; try again later.',
    'EAGAIN',
    'H18',
  ),
  'disk-full': row(
    507,
    'Disk full',
    'The disk of the journal is full. Operations that free space still work; operations that ' +
      'need space are refused. Nothing was changed; try again later.',
    'ENOSPC',
    'H19',
  ),
  'journal-failed': row(
    503,
    'Journal failed',
    'The journal could not be flushed to disk, and the server is stopping. It is unknown ' +
      'whether the request was done. After the restart, repeat it with the same ' +
      'Idempotency-Key to learn its outcome.',
    'EIO',
    'H20',
  ),
  'owner-changing': row(
    503,
    'Owner changing',
    'The filesystem moves from one node of the cluster to another, or its node does not answer. ' +
      '`outcome` says whether the request was done: `not_applied`, or `unknown`. Repeat it with ' +
      'the same Idempotency-Key after Retry-After.',
    'EAGAIN',
    'H40',
  ),
  misdirected: row(
    421,
    'Misdirected request',
    'Another node of the cluster sent this request here, but this node does not own the ' +
      'filesystem. The request was not done.',
    'EAGAIN',
    'H41',
  ),
  'engine-lost-entries': row(
    503,
    'Engine lost entries',
    'The database no longer has everything that it acknowledged, so this filesystem has stopped on ' +
      'this node. It is unknown whether the request was done. The operator must decide how to go on.',
    'EIO',
    'H42',
  ),
  'not-ready': row(
    503,
    'Not ready',
    'The server is starting or stopping. Try again later.',
    'EAGAIN',
    'H29',
  ),
  'filesystem-stopped': row(
    500,
    'Filesystem stopped',
    'This filesystem does not answer requests: an entry of its journal broke a law of the ' +
      'simulated machine, or the filesystem could not be restored from its journal. Other ' +
      'filesystems are not affected. The operator can inspect it with pinhole repair.',
    'EIO',
    'H30',
  ),
  internal: row(
    500,
    'Internal error',
    'The server failed because of an error of its own. Its log has the details.',
    'EIO',
    'H30',
  ),
  gap: row(
    410,
    'Gap',
    'Events after this cursor are no longer available, or the cursor belongs to another ' +
      'epoch. `oldest` is the oldest cursor from which reading can continue.',
    'ESTALE',
    'H26',
  ),
  'content-not-kept': row(
    410,
    'Content not kept',
    'The read has ended, and its bytes are no longer stored: a filesystem stores only the ' +
      'newest --read-bytes-kept-max bytes of ended reads, and a restart can lose them. Read ' +
      'again.',
    'ESTALE',
    'H33',
  ),
  'slow-reader': row(
    410,
    'Slow reader',
    'The reader of an event stream was so slow that the events it had not read yet were ' +
      'discarded. Subscribe again from the oldest cursor.',
    'ESTALE',
    'H26',
  ),
  'bad-message': row(
    400,
    'Bad message',
    'The client sent a message that the protocol does not define; see /asyncapi.json.',
    'EINVAL',
    'H27',
  ),
  'too-many-streams': row(
    429,
    'Too many streams',
    'The server, the tenant or the connection has reached its maximum number of event ' +
      'streams. `limit` is that number; close one first.',
    'EAGAIN',
    'H25',
  ),
  'too-many-tickets': row(
    429,
    'Too many tickets',
    'The tenant has reached --tickets-per-tenant-max, the maximum number of unused tickets. ' +
      'Tickets expire after 30 s.',
    'EAGAIN',
    'H25',
  ),
  'too-many-messages': row(
    429,
    'Too many messages',
    'The client sent more messages in one second on a WebSocket than ' +
      '--stream-messages-per-second-max allows.',
    'EAGAIN',
    'H25',
  ),
  'too-many-requests': row(
    429,
    'Too many requests',
    'The tenant has sent more requests in one second than --tenant-requests-per-second-max allows. ' +
      'Nothing was changed; send the request again after Retry-After.',
    'EAGAIN',
    'H34',
  ),
  'too-many-pipelined': row(
    429,
    'Too many pipelined requests',
    'The client sent too many requests on this connection without waiting for the answers ' +
      '(--pipeline-max). This request and those after it were not started; send them again on a ' +
      'new connection.',
    'EAGAIN',
    'H32',
  ),
  'upgrade-required': row(
    426,
    'Upgrade required',
    'This URL is a WebSocket, and the request does not ask for an upgrade. For the same ' +
      'events without a WebSocket send `Accept: text/event-stream` or `Accept: ' +
      'application/x-ndjson`.',
    'EOPNOTSUPP',
    'H28',
  ),
};

export type ProblemType = Lowercase<Errno> | keyof typeof transportRows;
export const problemTable: Record<ProblemType, Row> = { ...errnoRows, ...transportRows };
export const problemTypes = Object.keys(problemTable) as ProblemType[];
export const isProblemType = (name: string): name is ProblemType =>
  Object.hasOwn(problemTable, name);
