// Calls that Linux answers and that HTTP cannot express, or that the server refuses before the
// machine sees them.
const page = 4096;

export interface Unsaid {
  call: string;
  linux: string;
  /** `status errno rule` of the refusal, or why there is nothing to send. */
  here: string;
  path?: string;
  body?: object;
}

const tooSmall = '400 EINVAL H2';

export const unsaid: Unsaid[] = [
  ...['punch-hole', 'zero-range', 'collapse-range', 'insert-range', 'allocate'].flatMap(
    (mode): Unsaid[] => [
      {
        call: `${mode}, offset -1`,
        linux: 'EINVAL',
        here: tooSmall,
        path: `files/a/${mode}`,
        body: { offset: -1, length: page },
      },
      {
        call: `${mode}, length -1`,
        linux: 'EINVAL',
        here: tooSmall,
        path: `files/a/${mode}`,
        body: { offset: 0, length: -1 },
      },
    ],
  ),
  {
    call: 'ftruncate(-1)',
    linux: 'EINVAL',
    here: tooSmall,
    path: 'files/a/truncate',
    body: { sizeBytes: -1 },
  },
  {
    call: 'ftruncate(2^63-1)',
    linux: '0 on XFS, EFBIG on ext4',
    here: tooSmall,
    path: 'files/a/truncate',
    body: { sizeBytes: 2 ** 63 },
  },
  {
    call: 'COLLAPSE with KEEP_SIZE',
    linux: 'EOPNOTSUPP',
    here: '400 EINVAL H1',
    path: 'files/a/collapse-range',
    body: { offset: 0, length: page, keepSize: true },
  },
  {
    call: 'INSERT with KEEP_SIZE',
    linux: 'EOPNOTSUPP',
    here: '400 EINVAL H1',
    path: 'files/a/insert-range',
    body: { offset: 0, length: page, keepSize: true },
  },
  {
    call: 'PUNCH without KEEP_SIZE',
    linux: 'EOPNOTSUPP',
    here: '400 EINVAL H1',
    path: 'files/a/punch-hole',
    body: { offset: 0, length: page, keepSize: false },
  },
  {
    call: 'WRITE_ZEROES (0x80)',
    linux: 'EOPNOTSUPP on pmem',
    here: '404 ENOENT H9',
    path: 'files/a/write-zeroes',
    body: { offset: 0, length: page },
  },
  {
    call: 'get_user_pages of 0 pages',
    linux: '0',
    here: '400 EINVAL RG1',
    path: 'mappings/map_1/pins',
    body: { offset: 0, length: 0, access: 'read' },
  },
  {
    call: 'PUNCH+ZERO, UNSHARE+PUNCH, unknown mode bits',
    linux: 'EOPNOTSUPP',
    here: 'A mode is a route, so two cannot be asked for.',
  },
  {
    call: 'An O_RDONLY descriptor, a pipe, /dev/null',
    linux: 'EBADF, ESPIPE, ENODEV',
    here: 'There are no descriptors.',
  },
  {
    call: 'A directory',
    linux: 'EISDIR',
    here: 'There is one flat directory, and it has no name.',
  },
  {
    call: 'An append-only or immutable file, a swap file',
    linux: 'EPERM, ETXTBSY',
    here: 'Files have no attributes.',
  },
];
