// The closed table of error codes. Names are Linux's; SIGBUS stands among them because a touch
// beyond the end of a file has no errno. `http/problem.ts` gives each its status.

export const errnoTable = {
  EACCES: 'Write through a read-only mapping, or a token without the scope.',
  EAGAIN: 'It would have to sleep and was told not to.',
  EBUSY: 'Pinned, mapped or asleep: it cannot be taken away now.',
  EDEADLK: 'The wait closes a cycle.',
  EDQUOT: 'The quota of the tenant is used up.',
  EEXIST: 'The name is taken.',
  EFAULT: 'The address is outside the mapping, or get_user_pages could not fault it in.',
  EFBIG: 'The file would outgrow the largest size of this filesystem.',
  EHWPOISON: 'The page is poisoned, and FOLL_HWPOISON asked to be told so.',
  EINTR: 'A signal ended the sleep.',
  EINVAL: 'The range, its alignment or its order is wrong.',
  EIO: 'The medium failed.',
  ENODEV: 'The filesystem went away while the operation slept.',
  ENOENT: 'There is no such thing.',
  ENOMEM: 'No memory is left for the page, or for the pin.',
  ENOSPC: 'No free block is left on the device.',
  ENXIO: 'There is no data, or no hole, from that offset on.',
  EOPNOTSUPP: 'This filesystem, kernel or strategy does not do that.',
  ESTALE: 'The thing is not the one that If-Match names.',
  SIGBUS: 'Touched a page beyond the end of the file, or one that could not be backed.',
} as const;

export type Errno = keyof typeof errnoTable;

/**
 * Why an operation failed: errno, the numbered rule of docs/spec.md that fired, and one sentence
 * for a person.
 */
export interface Failure {
  errno: Errno;
  rule: string;
  why: string;
  /** Of the rules LM1 to LM7: how many there may be. */
  limit?: number;
  /** The precondition that does not hold (RFC 9110 §13.1). */
  header?: 'If-Match' | 'If-None-Match';
  /** Who is in the way, where somebody is: the first `blockersMax` of them. */
  blockedBy?: readonly object[];
  /** The operations and what they wait for, once around, where a wait closed a cycle. */
  cycle?: readonly string[];
}

export function failure(errno: Errno, rule: string, why: string, limit?: number): Failure {
  return limit === undefined ? { errno, rule, why } : { errno, rule, why, limit };
}
