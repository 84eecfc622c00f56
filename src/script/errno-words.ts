// The error codes as Linux prints and numbers them.
import type { Errno } from '../kernel/errno.ts';

/** strerror() of Linux; strsignal() for SIGBUS. */
const messages: Readonly<Record<Errno | 'EBADF', string>> = {
  EACCES: 'Permission denied',
  EAGAIN: 'Resource temporarily unavailable',
  EBADF: 'Bad file descriptor',
  EBUSY: 'Device or resource busy',
  EDEADLK: 'Resource deadlock avoided',
  EDQUOT: 'Disk quota exceeded',
  EEXIST: 'File exists',
  EFAULT: 'Bad address',
  EFBIG: 'File too large',
  EHWPOISON: 'Memory page has hardware error',
  EINTR: 'Interrupted system call',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  ENODEV: 'No such device',
  ENOENT: 'No such file or directory',
  ENOMEM: 'Cannot allocate memory',
  ENOSPC: 'No space left on device',
  ENXIO: 'No such device or address',
  EOPNOTSUPP: 'Operation not supported',
  ESTALE: 'Stale file handle',
  SIGBUS: 'Bus error',
};

export const messageOf = (errno: string): string =>
  (messages as Readonly<Record<string, string>>)[errno] ?? errno;

/** The numbers on x86-64 and arm64. They are those of Linux wherever Pinhole runs. */
export const errnoNumbers: Readonly<Record<Errno, number>> = {
  EACCES: 13,
  EAGAIN: 11,
  EBUSY: 16,
  EDEADLK: 35,
  EDQUOT: 122,
  EEXIST: 17,
  EFAULT: 14,
  EFBIG: 27,
  EHWPOISON: 133,
  EINTR: 4,
  EINVAL: 22,
  EIO: 5,
  ENODEV: 19,
  ENOENT: 2,
  ENOMEM: 12,
  ENOSPC: 28,
  ENXIO: 6,
  EOPNOTSUPP: 95,
  ESTALE: 116,
  SIGBUS: 7,
};
