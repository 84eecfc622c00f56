// Names of files and filesystems. They have only characters that a URL, a header and a line of a
// trace take without escaping (RFC 3986, unreserved). `.` and `..` are excluded, because a URL
// resolves them as paths.
import { z } from 'zod';

const nameUpTo = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^(?!\.\.?$)[A-Za-z0-9._~-]+$/)
    .describe(
      `1 to ${max} of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; ` +
        'case matters.',
    );

/** Shorter, because names of filesystems are labels of metrics and of exemplars. */
export const zFilesystemName = nameUpTo(63);

/** NAME_MAX of Linux. */
export const zFileName = nameUpTo(255);
