// The closed table of error codes. The names are those of Linux. SIGBUS is in it because an access
// beyond the end of a file raises a signal and has no errno. `http/problem.ts` gives each code its
// HTTP status.

export const errnoTable = {
  EACCES:
    'The access needs write permission, and the mapping is read-only; or the token lacks the ' +
    'scope.',
  EAGAIN:
    'The operation would have to wait and may not (nowait), or a limit of the filesystem is ' +
    'reached for now. Nothing was changed; try again later.',
  EBUSY:
    'The object is in use: pinned, mapped, or needed by an operation. Where `blockedBy` is ' +
    'given, it lists the users.',
  EDEADLK:
    'The wait would be a deadlock, and the request says failOnDeadlock. `cycle` lists the ' +
    'operations in it.',
  EDQUOT: 'A quota of the tenant is used up. `quota`, where given, names it with its limit.',
  EEXIST: 'The name is already in use.',
  EFAULT: 'The address is outside the mapping, or get_user_pages could not fault the page in.',
  EFBIG: 'The file would exceed the largest file size or the largest number of extents.',
  EHWPOISON:
    'The page is poisoned, and the request says `hwpoison: true` (FOLL_HWPOISON). Without it ' +
    'the same error is EFAULT.',
  EINTR: 'A signal or timeoutMs ended the wait. Nothing was changed.',
  EINVAL: 'An argument is wrong: the range, its alignment, or an option that does not apply.',
  EIO: 'The range contains a poisoned page, so it cannot be read.',
  ENODEV: 'The filesystem was unmounted or power-cycled while the operation ran.',
  ENOENT: 'There is no file, mapping, pin, operation or filesystem of this name for this tenant.',
  ENOMEM:
    'A limit on pages is reached: those that pins hold, or private copies. For msync: a part of ' +
    'the range is not mapped.',
  ENOSPC: 'The device has too few free blocks, or the list of bad blocks is full.',
  ENXIO: 'There is no data, or no hole, at or after this offset.',
  EOPNOTSUPP: 'This kind of filesystem, kernel or strategy does not support the operation.',
  ESTALE:
    'A precondition (If-Match or If-None-Match) does not hold, or a name went to another ' +
    'file while the operation waited.',
  SIGBUS:
    'The access touches a page beyond the end of the file, a poisoned page, or a page for which ' +
    'no block is free.',
} as const;

export type Errno = keyof typeof errnoTable;

/** Why an operation failed: errno, the numbered rule of docs/spec.md, and a sentence. */
export interface Failure {
  errno: Errno;
  rule: string;
  /**
   * One sentence for a person, without its capital letter and full stop; it begins with an ordinary
   * word, because `detailOf` capitalises it. The sentence is part of the state of the machine (it
   * stays in the record of an ended operation), so a change of its words changes the hash of a
   * state that has it.
   */
  why: string;
  /** The maximum that is reached, for the rules LM1 to LM7. */
  limit?: number;
  /** The precondition that does not hold (RFC 9110 §13.1). */
  header?: 'If-Match' | 'If-None-Match';
  /** The pins, mappings or operations that prevent it: the first `blockersMax` of them. */
  blockedBy?: readonly object[];
  /** If a wait would be a deadlock: the cycle of operations and what each waits for. */
  cycle?: readonly string[];
}

/** `why` as a complete sentence. */
export function detailOf({ why }: Failure): string {
  const sentence = why.charAt(0).toUpperCase() + why.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

export function failure(errno: Errno, rule: string, why: string, limit?: number): Failure {
  return limit === undefined ? { errno, rule, why } : { errno, rule, why, limit };
}
