// Every key of a store, once. The keys of a filesystem stand in its own journal, the others in the
// records of the server.
//
//   of a filesystem                                 of the server
//   fs               how it was made                meta            what the store is
//   j/<seq>          a batch, by its first entry    clock           the time that was shown last
//   tail             the number of the last entry   tenant/<name>   a tenant and its quotas
//   x/<seq>          an entry that is skipped       token/<id>      a bearer token, hashed
//   s/<seq>/m        the manifest of a snapshot     answer/<owner>/<key>  to an Idempotency-Key
//   s/<seq>/<piece>  records of the machine         events/<tenant> events of filesystems that
//   c/<chunk>/<seq>  contents, as entry <seq> left                  are gone
//                    them
//   gone             it was unmounted: its other keys may be deleted

const digits = (number: number, width: number): string => String(number).padStart(width, '0');
/** So that the order of keys is the order of numbers. */
const seqDigits = (seq: number): string => digits(seq, 16);

/** In the journal of a filesystem. A prefix ends in a slash. */
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
/** Of a batch, a skip, or anything of a snapshot. */
export const seqOf = (key: string): number => Number(key.split('/')[1]);

/** In the records of the server. */
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
} as const;

/** A key that the client chose may have slashes of its own. */
export function ownerAndKey(record: string): { owner: string; key: string } {
  const [, owner = '', ...key] = record.split('/');
  return { owner, key: key.join('/') };
}

/** The store counts its keys, but not these: there are too many. A replay notices a missing one. */
const bulkKinds = ['c', 'j', 's'] as const;
/** Every kind that a filesystem can have. */
export const journalKinds = [...bulkKinds, 'fs', 'gone', 'tail', 'x'] as const;
/** The same for the store. */
export const bulkPrefixes: readonly string[] = bulkKinds.map((kind) => `${kind}/`);
