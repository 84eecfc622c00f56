// All keys of a store. Each filesystem has a journal of its own; the records of the server are
// separate.
//
//   journal of a filesystem
//   fs               the birth record: how it was created
//   j/<seq>          a batch of entries, under the number of its first entry
//   tail             the number of the last entry
//   x/<seq>          an entry that every replay skips
//   s/<seq>/m        the manifest of a snapshot
//   s/<seq>/<piece>  the machine in a snapshot, without contents
//   c/<chunk>/<seq>  a chunk of contents, as entry <seq> left it
//   gone             it was unmounted, so its other keys may be deleted
//
//   records of the server
//   meta                  identifies the store
//   clock                 the last recorded time
//   tenant/<name>         a tenant and its quotas
//   token/<id>            a bearer token, hashed
//   answer/<owner>/<key>  the answer to a request with an Idempotency-Key
//   events/<tenant>       the number of events of unmounted filesystems
//   lab/<owner>/<number>  a lab; owner is the id of its tenant
//   table/<owner>/<number>  the result of a lab
//   labs/<owner>          the number of the last lab of a tenant, and the newest events of its labs

const digits = (number: number, width: number): string => String(number).padStart(width, '0');
/** Digits with leading zeros, so that keys sort in the order of the numbers. */
const seqDigits = (seq: number): string => digits(seq, 16);

/** The keys in the journal of a filesystem. A prefix ends in a slash. */
export const journalKeys = {
  birth: 'fs',
  tail: 'tail',
  gone: 'gone',
  batches: 'j/',
  batch: (seq: number) => `j/${seqDigits(seq)}`,
  skips: 'x/',
  skip: (seq: number) => `x/${seqDigits(seq)}`,
  snapshots: 's/',
  snapshot: (seq: number) => `s/${seqDigits(seq)}/`,
  manifest: (seq: number) => `s/${seqDigits(seq)}/m`,
  piece: (seq: number, piece: number) => `s/${seqDigits(seq)}/${digits(piece, 8)}`,
  chunks: 'c/',
  chunk: (chunk: number, seq: number) => `c/${digits(chunk, 8)}/${seqDigits(seq)}`,
} as const;

export const isManifest = (key: string): boolean => key.endsWith('/m');
/** The number in the key of a batch, a skip, or a part of a snapshot. */
export const seqOf = (key: string): number => Number(key.split('/')[1]);

/** The keys of the records of the server. */
export const recordKeys = {
  meta: 'meta',
  clock: 'clock',
  tenants: 'tenant/',
  tenant: (name: string) => `tenant/${name}`,
  tokens: 'token/',
  token: (id: string) => `token/${id}`,
  answers: 'answer/',
  answersOf: (owner: string) => `answer/${owner}/`,
  answer: (owner: string, key: string) => `answer/${owner}/${key}`,
  pastEvents: 'events/',
  pastEventsOf: (tenant: string) => `events/${tenant}`,
  labs: 'lab/',
  lab: (owner: string, number: number) => `lab/${owner}/${seqDigits(number)}`,
  /** Not read at the start. */
  labTable: (owner: string, number: number) => `table/${owner}/${seqDigits(number)}`,
  labHistories: 'labs/',
  labHistory: (owner: string) => `labs/${owner}`,
} as const;

/** Splits at the first slash only, because the client chose the key and it may have slashes. */
export function ownerAndKey(record: string): { owner: string; key: string } {
  const [, owner = '', ...key] = record.split('/');
  return { owner, key: key.join('/') };
}

/** The census does not count these kinds: they are too many, and a replay notices a missing one. */
const bulkKinds = ['c', 'j', 's'] as const;
/** Every kind of key in the journal of a filesystem. */
export const journalKinds = [...bulkKinds, 'fs', 'gone', 'tail', 'x'] as const;
/** The bulk kinds as prefixes, for the store. */
export const bulkPrefixes: readonly string[] = bulkKinds.map((kind) => `${kind}/`);
