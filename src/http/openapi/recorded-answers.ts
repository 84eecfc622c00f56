// Written by test/http/record-answers.ts, as a part of `npm run openapi`.

/** Bodies of requests, and answers by their status, by the names of the contracts. */
export const recorded: Readonly<
  Record<string, { request?: unknown; answers: Readonly<Record<number, unknown>> }>
> = {
  mkfs: {
    answers: {
      '201': {
        name: 'scratch',
        kind: 'xfs',
        kernel: '7.3',
        sizeBytes: 67108864,
        strategy: {
          name: 'break-layouts',
          idleRule: 'modern',
          breakScope: 'file',
          longterm: 'refuse',
        },
        waitqueue: {
          buckets: 256,
          keyed: true,
        },
        clock: 'realtime',
        nowMs: 1767225600250,
        scheduler: 'auto',
        persistenceDomain: 'adr',
        events: 'standard',
        folioGranularity: false,
        extentMaxZerooutKb: 0,
        space: {
          blockSizeBytes: 4096,
          blocks: 16384,
          blocksMetadata: 2,
          blocksUsed: 0,
          blocksFree: 16382,
          blocksBusy: 0,
          blocksDetached: 0,
          native: {
            f_blocks: 16382,
            f_bfree: 16382,
            f_bavail: 16382,
          },
        },
        counts: {
          files: 0,
          mappings: 0,
          pins: 0,
          pinnedPages: 0,
          pinsAcquired: 0,
          pinsReleased: 0,
          sleepers: 0,
          delayedFrees: 0,
          wakeups: 0,
          spuriousWakeups: 0,
          bucketCollisions: 0,
          dirtyLines: 0,
        },
        waits: {
          oldestSinceMs: null,
          deadlocked: false,
        },
      },
    },
    request: {
      name: 'scratch',
      sizeBytes: 67108864,
      kind: 'xfs',
      kernel: '7.3',
      strategy: {
        name: 'break-layouts',
      },
    },
  },
  trace: {
    answers: {
      '200': {
        traceEvents: [
          {
            ph: 'M',
            pid: 1,
            tid: 0,
            name: 'process_name',
            args: {
              name: 'scratch: operations',
            },
          },
          {
            ph: 'M',
            pid: 2,
            tid: 0,
            name: 'process_name',
            args: {
              name: 'scratch: pins',
            },
          },
          {
            ph: 'M',
            pid: 1,
            tid: 0,
            name: 'thread_name',
            args: {
              name: 'release worker, clock',
            },
          },
        ],
        displayTimeUnit: 'ms',
      },
    },
  },
  create: {
    answers: {
      '201': {
        name: 'a',
        ino: 2,
        generation: 1994041596,
        sizeBytes: 0,
        blocks512: 0,
        extents: 0,
        nlink: 1,
        mappings: 0,
        etag: '"2-1994041596-1"',
        createdMs: 1767225600750,
        modifiedMs: 1767225600750,
      },
    },
    request: {
      name: 'a',
    },
  },
  write: {
    answers: {
      '200': {
        sizeBytes: 65536,
        bytesWritten: 65536,
        blocksFreed: 0,
        blocksBusy: 0,
        blocksDetached: 0,
        scans: 1,
        wakeups: 0,
        sleptMs: 0,
      },
    },
  },
  'write-range': {
    answers: {
      '200': {
        sizeBytes: 65536,
        bytesWritten: 4096,
      },
    },
  },
  allocate: {
    answers: {
      '200': {
        sizeBytes: 73728,
        blocksFreed: 0,
        blocksBusy: 0,
        blocksDetached: 0,
        scans: 1,
        wakeups: 0,
        sleptMs: 0,
      },
    },
    request: {
      offset: 65536,
      length: 8192,
    },
  },
  'punch-hole': {
    answers: {
      '200': {
        sizeBytes: 73728,
        blocksFreed: 1,
        blocksBusy: 0,
        blocksDetached: 0,
        scans: 1,
        wakeups: 0,
        sleptMs: 0,
      },
      '202': {
        id: 'op_14',
        op: 'punch-hole',
        state: 'sleeping',
        owner: null,
        file: 'a',
        ino: 2,
        step: 'relock',
        sleepingOn: {
          state: 'S',
          sinceMs: 1767225607000,
          page: {
            pfn: 2,
            pgoff: 0,
            ino: 2,
            pins: 1,
            mappings: 0,
          },
          queue: 74,
        },
        blockedBy: [
          {
            owner: 'device',
            heldMs: 1750,
            pin: 'pin_1',
            kind: 'vmsplice',
            pgoff: 0,
            ino: 2,
            range: {
              offset: 0,
              length: 8192,
            },
          },
        ],
        holds: [
          {
            lock: 'i_rwsem',
            file: 'a',
            ino: 2,
            mode: 'exclusive',
            heldMs: 0,
          },
        ],
        submittedAt: '2026-01-01T00:00:07.000Z',
        submittedMs: 1767225607000,
        sleptMs: 0,
        wakeups: 0,
        endedMs: null,
      },
    },
    request: {
      offset: 32768,
      length: 4096,
    },
  },
  'get-file': {
    answers: {
      '200': {
        name: 'a',
        ino: 2,
        generation: 1994041596,
        sizeBytes: 73728,
        blocks512: 136,
        extents: 3,
        nlink: 1,
        mappings: 0,
        etag: '"2-1994041596-6"',
        createdMs: 1767225600750,
        modifiedMs: 1767225601750,
      },
    },
  },
  'get-files': {
    answers: {
      '200': {
        items: [
          {
            name: 'a',
            ino: 2,
            generation: 1994041596,
            sizeBytes: 73728,
            blocks512: 136,
            extents: 3,
            nlink: 1,
            mappings: 0,
            etag: '"2-1994041596-6"',
            createdMs: 1767225600750,
            modifiedMs: 1767225601750,
          },
        ],
        cursor: '0123456789abcdef.19',
      },
    },
  },
  'get-extents': {
    answers: {
      '200': {
        sizeBytes: 73728,
        blocks512: 136,
        extents: [
          {
            offset: 0,
            length: 32768,
            physical: 8192,
            state: 'written',
          },
          {
            offset: 36864,
            length: 28672,
            physical: 45056,
            state: 'written',
          },
          {
            offset: 65536,
            length: 8192,
            physical: 73728,
            state: 'unwritten',
          },
        ],
        cursor: '0123456789abcdef.19',
      },
    },
  },
  seek: {
    answers: {
      '200': {
        offset: 32768,
      },
    },
  },
  fiemap: {
    answers: {
      '200': {
        extents: [
          {
            fe_logical: 0,
            fe_physical: 8192,
            fe_length: 32768,
            fe_flags: 0,
          },
          {
            fe_logical: 36864,
            fe_physical: 45056,
            fe_length: 28672,
            fe_flags: 0,
          },
          {
            fe_logical: 65536,
            fe_physical: 73728,
            fe_length: 8192,
            fe_flags: 2049,
          },
        ],
      },
    },
  },
  'get-strategy': {
    answers: {
      '200': {
        name: 'break-layouts',
        summary: 'D: unmap, drop invalidate_lock, sleep on the first busy page, scan again',
        idle: 'modern',
        idleRule: 'modern',
        breakScope: 'file',
        longterm: 'refuse',
      },
    },
  },
  'get-free-extents': {
    answers: {
      '200': {
        blocksFree: 16365,
        extents: [
          {
            pfn: 10,
            pages: 1,
          },
          {
            pfn: 20,
            pages: 16364,
          },
        ],
        cursor: '0123456789abcdef.23',
      },
    },
  },
  'get-map': {
    answers: {
      '200': {
        sizeBytes: 67108864,
        offset: 0,
        length: 67108864,
        runs: [
          {
            pfn: 0,
            pages: 2,
            state: 'metadata',
          },
          {
            pfn: 2,
            pages: 8,
            state: 'used',
            ino: 2,
            file: 'a',
            pgoff: 0,
            flags: ['written'],
          },
          {
            pfn: 10,
            pages: 1,
            state: 'free',
          },
        ],
        cursor: '0123456789abcdef.23',
      },
    },
  },
  'get-filesystem': {
    answers: {
      '200': {
        name: 'scratch',
        kind: 'xfs',
        kernel: '7.3',
        sizeBytes: 67108864,
        strategy: {
          name: 'break-layouts',
          idleRule: 'modern',
          breakScope: 'file',
          longterm: 'refuse',
        },
        waitqueue: {
          buckets: 256,
          keyed: true,
        },
        clock: 'realtime',
        nowMs: 1767225604000,
        scheduler: 'auto',
        persistenceDomain: 'adr',
        events: 'standard',
        folioGranularity: false,
        extentMaxZerooutKb: 0,
        space: {
          blockSizeBytes: 4096,
          blocks: 16384,
          blocksMetadata: 2,
          blocksUsed: 17,
          blocksFree: 16365,
          blocksBusy: 0,
          blocksDetached: 0,
          native: {
            f_blocks: 16382,
            f_bfree: 16365,
            f_bavail: 16365,
          },
        },
        counts: {
          files: 1,
          mappings: 0,
          pins: 0,
          pinnedPages: 0,
          pinsAcquired: 0,
          pinsReleased: 0,
          sleepers: 0,
          delayedFrees: 0,
          wakeups: 0,
          spuriousWakeups: 0,
          bucketCollisions: 0,
          dirtyLines: 0,
        },
        waits: {
          oldestSinceMs: null,
          deadlocked: false,
        },
      },
    },
  },
  mmap: {
    answers: {
      '201': {
        id: 'map_1',
        file: 'a',
        ino: 2,
        offset: 0,
        length: 65536,
        access: 'read-write',
        shared: true,
        sync: false,
        owner: null,
        pagesPresent: 0,
        pmdsPresent: 0,
        createdMs: 1767225604250,
      },
    },
    request: {
      offset: 0,
      length: 65536,
      access: 'read-write',
    },
  },
  fault: {
    answers: {
      '200': {
        pages: [
          {
            pgoff: 0,
            pfn: 2,
            zeroPage: false,
            copied: false,
            sizeBytes: 4096,
          },
          {
            pgoff: 1,
            pfn: 3,
            zeroPage: false,
            copied: false,
            sizeBytes: 4096,
          },
        ],
      },
    },
    request: {
      offset: 0,
      length: 8192,
      access: 'write',
    },
  },
  store: {
    answers: {
      '200': {
        bytesStored: 5,
      },
    },
  },
  flush: {
    answers: {
      '200': {
        linesFlushed: 1,
      },
    },
    request: {
      how: 'clwb',
    },
  },
  pin: {
    answers: {
      '201': {
        id: 'pin_1',
        file: 'a',
        ino: 2,
        mapping: 'map_1',
        owner: 'device',
        kind: 'vmsplice',
        access: 'write',
        longterm: false,
        offset: 0,
        mappingOffset: 0,
        bytesPinned: 8192,
        pages: [
          {
            pgoff: 0,
            pfn: 2,
            orphan: false,
          },
          {
            pgoff: 1,
            pfn: 3,
            orphan: false,
          },
        ],
        createdMs: 1767225605250,
        heldMs: 0,
        untilMs: null,
      },
    },
    request: {
      offset: 0,
      length: 8192,
      access: 'write',
      kind: 'vmsplice',
      owner: 'device',
    },
  },
  'dma-write': {
    answers: {
      '200': {
        bytesWritten: 3,
        pagesOrphan: 0,
      },
    },
  },
  'get-mappings': {
    answers: {
      '200': {
        items: [
          {
            id: 'map_1',
            file: 'a',
            ino: 2,
            offset: 0,
            length: 65536,
            access: 'read-write',
            shared: true,
            sync: false,
            owner: null,
            pagesPresent: 16,
            pmdsPresent: 0,
            createdMs: 1767225604250,
          },
        ],
        cursor: '0123456789abcdef.50',
      },
    },
  },
  'get-mapping': {
    answers: {
      '200': {
        id: 'map_1',
        file: 'a',
        ino: 2,
        offset: 0,
        length: 65536,
        access: 'read-write',
        shared: true,
        sync: false,
        owner: null,
        pagesPresent: 16,
        pmdsPresent: 0,
        createdMs: 1767225604250,
        pageTable: [
          {
            pgoff: 0,
            pfn: 2,
            zeroPage: false,
            writable: true,
            copied: false,
            sizeBytes: 4096,
          },
          {
            pgoff: 1,
            pfn: 3,
            zeroPage: false,
            writable: true,
            copied: false,
            sizeBytes: 4096,
          },
          {
            pgoff: 2,
            pfn: 4,
            zeroPage: false,
            writable: false,
            copied: false,
            sizeBytes: 4096,
          },
        ],
        cursor: '0123456789abcdef.50',
      },
    },
  },
  'get-pins': {
    answers: {
      '200': {
        items: [
          {
            id: 'pin_1',
            file: 'a',
            ino: 2,
            mapping: 'map_1',
            owner: 'device',
            kind: 'vmsplice',
            access: 'write',
            longterm: false,
            offset: 0,
            mappingOffset: 0,
            bytesPinned: 8192,
            pages: [
              {
                pgoff: 0,
                pfn: 2,
                orphan: false,
              },
              {
                pgoff: 1,
                pfn: 3,
                orphan: false,
              },
            ],
            createdMs: 1767225605250,
            heldMs: 1000,
            untilMs: null,
          },
        ],
        cursor: '0123456789abcdef.50',
      },
    },
  },
  'get-pin': {
    answers: {
      '200': {
        id: 'pin_1',
        file: 'a',
        ino: 2,
        mapping: 'map_1',
        owner: 'device',
        kind: 'vmsplice',
        access: 'write',
        longterm: false,
        offset: 0,
        mappingOffset: 0,
        bytesPinned: 8192,
        pages: [
          {
            pgoff: 0,
            pfn: 2,
            orphan: false,
          },
          {
            pgoff: 1,
            pfn: 3,
            orphan: false,
          },
        ],
        createdMs: 1767225605250,
        heldMs: 1250,
        untilMs: null,
        cursor: '0123456789abcdef.50',
      },
    },
  },
  'get-pages': {
    answers: {
      '200': {
        items: [
          {
            pfn: 0,
            state: 'metadata',
            pins: 0,
            mapcount: 0,
            refcount: {
              classic: 1,
              modern: 0,
            },
            folio: null,
            delayedFree: false,
            stopNewRefs: false,
            file: null,
            ino: null,
            pgoff: null,
            bucket: 102,
          },
          {
            pfn: 1,
            state: 'metadata',
            pins: 0,
            mapcount: 0,
            refcount: {
              classic: 1,
              modern: 0,
            },
            folio: null,
            delayedFree: false,
            stopNewRefs: false,
            file: null,
            ino: null,
            pgoff: null,
            bucket: 216,
          },
          {
            pfn: 2,
            state: 'used',
            pins: 1,
            mapcount: 1,
            refcount: {
              classic: 2,
              modern: 2,
            },
            folio: null,
            delayedFree: false,
            stopNewRefs: false,
            file: 'a',
            ino: 2,
            pgoff: 0,
            bucket: 74,
          },
        ],
        cursor: '0123456789abcdef.50',
        nextPageToken: 'p2s',
      },
    },
  },
  read: {
    answers: {
      '202': {
        id: 'op_15',
        op: 'read',
        state: 'sleeping',
        owner: null,
        file: 'a',
        ino: 2,
        step: 'copy',
        sleepingOn: {
          state: 'D',
          sinceMs: 1767225607250,
          lock: {
            name: 'i_rwsem',
            file: 'a',
            ino: 2,
            mode: 'shared',
          },
        },
        blockedBy: [
          {
            owner: null,
            heldMs: 250,
            operation: 'op_14',
            lock: 'i_rwsem',
            mode: 'exclusive',
          },
        ],
        holds: [],
        submittedAt: '2026-01-01T00:00:07.250Z',
        submittedMs: 1767225607250,
        sleptMs: 0,
        wakeups: 0,
        endedMs: null,
      },
    },
  },
  'get-operation': {
    answers: {
      '200': {
        id: 'op_14',
        op: 'punch-hole',
        state: 'sleeping',
        owner: null,
        file: 'a',
        ino: 2,
        step: 'relock',
        sleepingOn: {
          state: 'S',
          sinceMs: 1767225607000,
          page: {
            pfn: 2,
            pgoff: 0,
            ino: 2,
            pins: 1,
            mappings: 0,
          },
          queue: 74,
        },
        blockedBy: [
          {
            owner: 'device',
            heldMs: 2250,
            pin: 'pin_1',
            kind: 'vmsplice',
            pgoff: 0,
            ino: 2,
            range: {
              offset: 0,
              length: 8192,
            },
          },
        ],
        holds: [
          {
            lock: 'i_rwsem',
            file: 'a',
            ino: 2,
            mode: 'exclusive',
            heldMs: 500,
          },
        ],
        submittedAt: '2026-01-01T00:00:07.000Z',
        submittedMs: 1767225607000,
        sleptMs: 500,
        wakeups: 0,
        endedMs: null,
      },
    },
  },
  'explain-operation': {
    answers: {
      '200': {
        operation: {
          id: 'op_14',
          op: 'punch-hole',
          state: 'sleeping',
          owner: null,
          file: 'a',
          ino: 2,
          step: 'relock',
          sleepingOn: {
            state: 'S',
            sinceMs: 1767225607000,
            page: {
              pfn: 2,
              pgoff: 0,
              ino: 2,
              pins: 1,
              mappings: 0,
            },
            queue: 74,
          },
          blockedBy: [
            {
              owner: 'device',
              heldMs: 2500,
              pin: 'pin_1',
              kind: 'vmsplice',
              pgoff: 0,
              ino: 2,
              range: {
                offset: 0,
                length: 8192,
              },
            },
          ],
          holds: [
            {
              lock: 'i_rwsem',
              file: 'a',
              ino: 2,
              mode: 'exclusive',
              heldMs: 750,
            },
          ],
          submittedAt: '2026-01-01T00:00:07.000Z',
          submittedMs: 1767225607000,
          sleptMs: 750,
          wakeups: 0,
          endedMs: null,
        },
        path: [
          {
            seq: 51,
            timeMs: 1767225607000,
            type: 'pinhole.operation.submitted',
            data: {
              op: 'punch-hole',
              owner: null,
            },
            ino: 2,
          },
          {
            seq: 52,
            timeMs: 1767225607000,
            type: 'pinhole.page.unmapped',
            data: {
              offset: 0,
              length: 65536,
              pages: 16,
              mappings: [
                {
                  mapping: 'map_1',
                  offset: 0,
                  length: 65536,
                  pages: 16,
                },
              ],
            },
            ino: 2,
          },
          {
            seq: 53,
            timeMs: 1767225607000,
            type: 'pinhole.layout.busy',
            data: {
              pfn: 2,
              pgoff: 0,
              pins: 1,
            },
            ino: 2,
          },
        ],
        behind: [
          {
            operation: 'op_15',
            op: 'read',
            owner: null,
            file: 'a',
            ino: 2,
            because: 'lock:a:i_rwsem: op_14 holds it exclusive',
          },
        ],
        released: {
          pins: [
            {
              pin: 'pin_1',
              owner: 'device',
              kind: 'vmsplice',
              ino: 2,
            },
          ],
          mappings: [],
          signals: [],
          order: [
            {
              do: 'unpin',
              id: 'pin_1',
            },
          ],
          enough: true,
        },
        cycles: [],
        strategy: {
          name: 'break-layouts',
          idleRule: 'modern',
          breakScope: 'file',
          longterm: 'refuse',
        },
        others: [
          {
            strategy: 'busy-extents',
            outcome: 'done',
            blocksBusy: 1,
            blocksDetached: 0,
            deadlocks: 0,
            warnings: 0,
            result: {
              sizeBytes: 73728,
              blocksFreed: 0,
              blocksBusy: 1,
              blocksDetached: 0,
              scans: 2,
              wakeups: 1,
              sleptMs: 750,
            },
          },
          {
            strategy: 'wait-for-refs',
            outcome: 'sleeping',
            blocksBusy: 0,
            blocksDetached: 0,
            deadlocks: 0,
            warnings: 0,
            sleepingOn: {
              page: {
                pfn: 2,
                pgoff: 0,
                ino: 2,
                pins: 1,
              },
              queue: 74,
              state: 'S',
              sinceMs: 1767225607750,
            },
          },
          {
            strategy: 'detach-and-wait',
            outcome: 'sleeping',
            blocksBusy: 0,
            blocksDetached: 1,
            deadlocks: 0,
            warnings: 0,
            sleepingOn: {
              page: {
                pfn: 2,
                pgoff: 0,
                ino: 2,
                pins: 1,
              },
              queue: 74,
              state: 'S',
              sinceMs: 1767225607750,
            },
          },
        ],
        notRun: null,
      },
    },
  },
  'get-operations': {
    answers: {
      '200': {
        items: [
          {
            id: 'op_14',
            op: 'punch-hole',
            state: 'sleeping',
            owner: null,
            file: 'a',
            ino: 2,
            step: 'relock',
            sleepingOn: {
              state: 'S',
              sinceMs: 1767225607000,
              page: {
                pfn: 2,
                pgoff: 0,
                ino: 2,
                pins: 1,
                mappings: 0,
              },
              queue: 74,
            },
            blockedBy: [
              {
                owner: 'device',
                heldMs: 205750,
                pin: 'pin_1',
                kind: 'vmsplice',
                pgoff: 0,
                ino: 2,
                range: {
                  offset: 0,
                  length: 8192,
                },
              },
            ],
            holds: [
              {
                lock: 'i_rwsem',
                file: 'a',
                ino: 2,
                mode: 'exclusive',
                heldMs: 204000,
              },
            ],
            submittedAt: '2026-01-01T00:00:07.000Z',
            submittedMs: 1767225607000,
            sleptMs: 204000,
            wakeups: 0,
            endedMs: null,
          },
          {
            id: 'op_15',
            op: 'read',
            state: 'sleeping',
            owner: null,
            file: 'a',
            ino: 2,
            step: 'copy',
            sleepingOn: {
              state: 'D',
              sinceMs: 1767225607250,
              lock: {
                name: 'i_rwsem',
                file: 'a',
                ino: 2,
                mode: 'shared',
              },
            },
            blockedBy: [
              {
                owner: null,
                heldMs: 204000,
                operation: 'op_14',
                lock: 'i_rwsem',
                mode: 'exclusive',
              },
            ],
            holds: [],
            submittedAt: '2026-01-01T00:00:07.250Z',
            submittedMs: 1767225607250,
            sleptMs: 203750,
            wakeups: 0,
            endedMs: null,
          },
        ],
        cursor: '0123456789abcdef.66',
      },
    },
  },
  'get-waitqueues': {
    answers: {
      '200': {
        buckets: 256,
        keyed: true,
        wakeups: 0,
        spuriousWakeups: 0,
        bucketCollisions: 0,
        pages: [
          {
            bucket: 74,
            waiters: [
              {
                operation: 'op_14',
                pfn: 2,
                exclusive: false,
                ino: 2,
              },
            ],
          },
        ],
        entries: [],
        runnable: [],
        cursor: '0123456789abcdef.66',
      },
    },
  },
  'get-locks': {
    answers: {
      '200': {
        items: [
          {
            lock: 'i_rwsem',
            file: 'a',
            ino: 2,
            holders: [
              {
                operation: 'op_14',
                op: 'punch-hole',
                mode: 'exclusive',
                heldMs: 204500,
              },
            ],
            queue: [
              {
                operation: 'op_15',
                op: 'read',
                mode: 'shared',
              },
            ],
          },
        ],
        cursor: '0123456789abcdef.66',
      },
    },
  },
  'get-wait-graph': {
    answers: {
      '200': {
        nodes: [
          {
            id: 'op_14',
            kind: 'operation',
            label: 'punch-hole',
            owner: null,
            state: 'S',
            file: 'a',
            ino: 2,
          },
          {
            id: 'page:2',
            kind: 'page',
            label: 'pfn 2',
          },
          {
            id: 'pin_1',
            kind: 'pin',
            label: 'vmsplice',
            owner: 'device',
            file: 'a',
            ino: 2,
          },
        ],
        edges: [
          {
            from: 'page:2',
            to: 'pin_1',
            because: 'is pinned by device',
          },
          {
            from: 'op_14',
            to: 'page:2',
            because: 'sleeps on it',
          },
          {
            from: 'op_15',
            to: 'lock:a:i_rwsem',
            because: 'sleeps on it',
          },
        ],
        cycles: [],
        omitted: 0,
        cursor: '0123456789abcdef.66',
      },
    },
  },
  'get-hung-tasks': {
    answers: {
      '200': {
        items: [
          {
            operation: 'op_15',
            op: 'read',
            file: 'a',
            ino: 2,
            blockedMs: 204750,
            linux: [
              'INFO: task read:15 blocked for more than 120 seconds.',
              'INFO: task read:15 <reader> blocked on an rw-semaphore likely owned by task punch-hole:14 <writer>',
            ],
            culprits: [
              {
                operation: 'op_14',
                op: 'punch-hole',
                file: 'a',
                ino: 2,
                state: 'S',
                pins: [
                  {
                    pin: 'pin_1',
                    owner: 'device',
                    kind: 'vmsplice',
                    ino: 2,
                    heldMs: 206750,
                  },
                ],
              },
            ],
          },
        ],
        cursor: '0123456789abcdef.66',
      },
    },
  },
  'get-state': {
    answers: {
      '200': {
        cursor: '0123456789abcdef.66',
        truncated: [],
        filesystem: {
          name: 'scratch',
          kind: 'xfs',
          kernel: '7.3',
          sizeBytes: 67108864,
          strategy: {
            name: 'break-layouts',
            idleRule: 'modern',
            breakScope: 'file',
            longterm: 'refuse',
          },
          waitqueue: {
            buckets: 256,
            keyed: true,
          },
          clock: 'realtime',
          nowMs: 1767225812250,
          scheduler: 'auto',
          persistenceDomain: 'adr',
          events: 'standard',
          folioGranularity: false,
          extentMaxZerooutKb: 0,
          space: {
            blockSizeBytes: 4096,
            blocks: 16384,
            blocksMetadata: 2,
            blocksUsed: 17,
            blocksFree: 16365,
            blocksBusy: 0,
            blocksDetached: 0,
            native: {
              f_blocks: 16382,
              f_bfree: 16365,
              f_bavail: 16365,
            },
          },
          counts: {
            files: 1,
            mappings: 1,
            pins: 1,
            pinnedPages: 2,
            pinsAcquired: 2,
            pinsReleased: 0,
            sleepers: 2,
            delayedFrees: 0,
            wakeups: 0,
            spuriousWakeups: 0,
            bucketCollisions: 0,
            dirtyLines: 0,
          },
          waits: {
            oldestSinceMs: 1767225607000,
            deadlocked: false,
          },
        },
        files: [
          {
            name: 'a',
            ino: 2,
            generation: 1994041596,
            sizeBytes: 73728,
            blocks512: 136,
            extents: 3,
            nlink: 1,
            mappings: 1,
            etag: '"2-1994041596-8"',
            createdMs: 1767225600750,
            modifiedMs: 1767225605500,
          },
        ],
        mappings: [
          {
            id: 'map_1',
            file: 'a',
            ino: 2,
            offset: 0,
            length: 65536,
            access: 'read-write',
            shared: true,
            sync: false,
            owner: null,
            pagesPresent: 0,
            pmdsPresent: 0,
            createdMs: 1767225604250,
          },
        ],
        pins: [
          {
            id: 'pin_1',
            file: 'a',
            ino: 2,
            mapping: 'map_1',
            owner: 'device',
            kind: 'vmsplice',
            access: 'write',
            longterm: false,
            offset: 0,
            mappingOffset: 0,
            bytesPinned: 8192,
            pages: [
              {
                pgoff: 0,
                pfn: 2,
                orphan: false,
              },
              {
                pgoff: 1,
                pfn: 3,
                orphan: false,
              },
            ],
            createdMs: 1767225605250,
            heldMs: 207000,
            untilMs: null,
          },
        ],
        operations: [
          {
            id: 'op_14',
            op: 'punch-hole',
            state: 'sleeping',
            owner: null,
            file: 'a',
            ino: 2,
            step: 'relock',
            sleepingOn: {
              state: 'S',
              sinceMs: 1767225607000,
              page: {
                pfn: 2,
                pgoff: 0,
                ino: 2,
                pins: 1,
                mappings: 0,
              },
              queue: 74,
            },
            blockedBy: [
              {
                owner: 'device',
                heldMs: 207000,
                pin: 'pin_1',
                kind: 'vmsplice',
                pgoff: 0,
                ino: 2,
                range: {
                  offset: 0,
                  length: 8192,
                },
              },
            ],
            holds: [
              {
                lock: 'i_rwsem',
                file: 'a',
                ino: 2,
                mode: 'exclusive',
                heldMs: 205250,
              },
            ],
            submittedAt: '2026-01-01T00:00:07.000Z',
            submittedMs: 1767225607000,
            sleptMs: 205250,
            wakeups: 0,
            endedMs: null,
          },
          {
            id: 'op_15',
            op: 'read',
            state: 'sleeping',
            owner: null,
            file: 'a',
            ino: 2,
            step: 'copy',
            sleepingOn: {
              state: 'D',
              sinceMs: 1767225607250,
              lock: {
                name: 'i_rwsem',
                file: 'a',
                ino: 2,
                mode: 'shared',
              },
            },
            blockedBy: [
              {
                owner: null,
                heldMs: 205250,
                operation: 'op_14',
                lock: 'i_rwsem',
                mode: 'exclusive',
              },
            ],
            holds: [],
            submittedAt: '2026-01-01T00:00:07.250Z',
            submittedMs: 1767225607250,
            sleptMs: 205000,
            wakeups: 0,
            endedMs: null,
          },
        ],
        busyExtents: [],
        detachedExtents: [],
        waitGraph: {
          nodes: [
            {
              id: 'op_14',
              kind: 'operation',
              label: 'punch-hole',
              owner: null,
              state: 'S',
              file: 'a',
              ino: 2,
            },
            {
              id: 'page:2',
              kind: 'page',
              label: 'pfn 2',
            },
            {
              id: 'pin_1',
              kind: 'pin',
              label: 'vmsplice',
              owner: 'device',
              file: 'a',
              ino: 2,
            },
          ],
          edges: [
            {
              from: 'page:2',
              to: 'pin_1',
              because: 'is pinned by device',
            },
            {
              from: 'op_14',
              to: 'page:2',
              because: 'sleeps on it',
            },
            {
              from: 'op_15',
              to: 'lock:a:i_rwsem',
              because: 'sleeps on it',
            },
          ],
          cycles: [],
          omitted: 0,
        },
      },
    },
  },
  cancel: {
    answers: {
      '200': {
        id: 'op_14',
        signalled: true,
        restart: false,
      },
    },
    request: {
      restart: false,
    },
  },
  unpin: {
    answers: {
      '200': {
        id: 'pin_1',
        pagesReleased: 2,
        heldMs: 207500,
      },
    },
  },
  munmap: {
    answers: {
      '200': {
        pagesUnmapped: 0,
        blocksFreed: 0,
        blocksBusy: 0,
        blocksDetached: 0,
      },
    },
  },
  truncate: {
    answers: {
      '200': {
        sizeBytes: 49152,
        blocksFreed: 6,
        blocksBusy: 0,
        blocksDetached: 0,
        scans: 1,
        wakeups: 0,
        sleptMs: 0,
      },
    },
    request: {
      sizeBytes: 49152,
    },
  },
  'zero-range': {
    answers: {
      '200': {
        sizeBytes: 49152,
        blocksFreed: 0,
        blocksBusy: 0,
        blocksDetached: 0,
        scans: 1,
        wakeups: 0,
        sleptMs: 0,
      },
    },
    request: {
      offset: 4096,
      length: 4096,
    },
  },
  'collapse-range': {
    answers: {
      '200': {
        sizeBytes: 45056,
        blocksFreed: 1,
        blocksBusy: 0,
        blocksDetached: 0,
        scans: 1,
        wakeups: 0,
        sleptMs: 0,
      },
    },
    request: {
      offset: 4096,
      length: 4096,
    },
  },
  'insert-range': {
    answers: {
      '200': {
        sizeBytes: 49152,
        blocksFreed: 0,
        blocksBusy: 0,
        blocksDetached: 0,
        scans: 1,
        wakeups: 0,
        sleptMs: 0,
      },
    },
    request: {
      offset: 4096,
      length: 4096,
    },
  },
  'exchange-range': {
    answers: {
      '200': {
        sizeBytes: 49152,
        withSizeBytes: 65536,
        scans: 2,
        retries: 0,
        wakeups: 0,
        sleptMs: 0,
      },
    },
    request: {
      with: 'b',
      offset: 0,
      withOffset: 0,
      length: 4096,
    },
  },
  rename: {
    answers: {
      '200': {
        name: 'c',
        ino: 2,
        generation: 1994041596,
        sizeBytes: 49152,
        blocks512: 72,
        extents: 2,
        nlink: 1,
        mappings: 0,
        etag: '"2-1994041596-13"',
        createdMs: 1767225600750,
        modifiedMs: 1767225814250,
      },
    },
    request: {
      name: 'c',
    },
  },
  unlink: {
    answers: {
      '200': {
        sizeBytes: 0,
        blocksFreed: 9,
        blocksBusy: 0,
        blocksDetached: 0,
        scans: 0,
        wakeups: 0,
        sleptMs: 0,
      },
    },
  },
  poison: {
    answers: {
      '200': {
        block: 9000,
        count: 1,
        pagesUnmapped: 0,
      },
    },
    request: {
      block: 9000,
      count: 1,
    },
  },
  'get-badblocks': {
    answers: {
      '200': {
        badblock_count: 1,
        items: [
          {
            block: 9000,
            count: 1,
            offset: 4608000,
            length: 512,
          },
        ],
        cursor: '0123456789abcdef.116',
      },
    },
  },
  unpoison: {
    answers: {
      '200': {
        blocksCleared: 1,
      },
    },
  },
  sync: {
    answers: {
      '200': {
        linesFlushed: 0,
      },
    },
    request: {},
  },
  'set-strategy': {
    answers: {
      '200': {
        name: 'busy-extents',
        longterm: 'refuse',
      },
    },
    request: {
      name: 'busy-extents',
    },
  },
  'get-busy-extents': {
    answers: {
      '200': {
        generation: 2,
        blocksBusy: 1,
        blocksDetached: 0,
        extents: [
          {
            pfn: 2,
            pages: 1,
            reasons: ['pinned'],
            pins: 1,
            ageMs: 250,
            ino: 3,
          },
        ],
        detached: [],
        cursor: '0123456789abcdef.141',
      },
    },
  },
  'power-cycle': {
    answers: {
      '200': {
        linesDirty: 0,
        linesLost: 0,
        pinsDropped: 1,
        mappingsDropped: 1,
        operationsEnded: 0,
        blocksFreed: 1,
      },
    },
    request: {},
  },
  'clock-advance': {
    answers: {
      '200': {
        nowMs: 1000,
      },
    },
    request: {
      ms: 1000,
    },
  },
  'scheduler-step': {
    answers: {
      '200': {
        task: null,
        op: null,
        step: null,
        steps: 0,
        ended: 'step',
        events: [],
        eventsOmitted: 0,
        runnable: [],
        cursor: '0123456789abcdef.3',
      },
    },
    request: {},
  },
  'get-choices': {
    answers: {
      '200': {
        choices: [
          {
            task: 'op_4',
            nextStep: 'lock',
            touches: 'lock:a:i_rwsem',
            verdicts: ['completes'],
          },
        ],
        cursor: '0123456789abcdef.4',
        commands: 4,
        explored: {
          states: 5,
          complete: true,
        },
      },
    },
  },
  'compare-filesystem': {
    answers: {
      '200': {
        strategies: [
          {
            strategy: 'break-layouts',
            options: {
              idleRule: 'modern',
              breakScope: 'file',
              longterm: 'refuse',
            },
            operations: [
              {
                id: 'op_2',
                op: 'create',
                owner: null,
                file: null,
                outcome: 'done',
                sleptMs: 0,
                blockedBy: [],
              },
              {
                id: 'op_4',
                op: 'truncate',
                owner: null,
                file: 'a',
                outcome: 'done',
                sleptMs: 0,
                blockedBy: [],
              },
            ],
            deadlocks: 0,
            hangs: 0,
            blocksHeldBack: {
              peak: 0,
              blockMs: 0,
            },
            freedUnderPin: 0,
            dmaLost: 0,
            dmaForeign: 0,
          },
        ],
      },
    },
    request: {
      from: 'oldest',
      strategies: ['break-layouts'],
    },
  },
  'list-filesystems': {
    answers: {
      '200': {
        items: [
          {
            name: 'scratch',
            kind: 'xfs',
            kernel: '7.3',
            sizeBytes: 67108864,
            strategy: {
              name: 'busy-extents',
              longterm: 'refuse',
            },
            waitqueue: {
              buckets: 256,
              keyed: true,
            },
            clock: 'realtime',
            nowMs: 1767225817750,
            scheduler: 'auto',
            persistenceDomain: 'adr',
            events: 'standard',
            folioGranularity: false,
            extentMaxZerooutKb: 0,
            space: {
              blockSizeBytes: 4096,
              blocks: 16384,
              blocksMetadata: 2,
              blocksUsed: 0,
              blocksFree: 16382,
              blocksBusy: 0,
              blocksDetached: 0,
              native: {
                f_blocks: 16382,
                f_bfree: 16382,
                f_bavail: 16382,
              },
            },
            counts: {
              files: 1,
              mappings: 0,
              pins: 0,
              pinnedPages: 0,
              pinsAcquired: 3,
              pinsReleased: 3,
              sleepers: 0,
              delayedFrees: 0,
              wakeups: 0,
              spuriousWakeups: 0,
              bucketCollisions: 0,
              dirtyLines: 0,
            },
            waits: {
              oldestSinceMs: null,
              deadlocked: false,
            },
          },
          {
            name: 'stepped',
            kind: 'xfs',
            kernel: '7.3',
            sizeBytes: 1048576,
            strategy: {
              name: 'break-layouts',
              idleRule: 'modern',
              breakScope: 'file',
              longterm: 'refuse',
            },
            waitqueue: {
              buckets: 256,
              keyed: true,
            },
            clock: 'manual',
            nowMs: 1000,
            scheduler: 'stepped',
            persistenceDomain: 'adr',
            events: 'detailed',
            folioGranularity: false,
            extentMaxZerooutKb: 0,
            space: {
              blockSizeBytes: 4096,
              blocks: 256,
              blocksMetadata: 2,
              blocksUsed: 0,
              blocksFree: 254,
              blocksBusy: 0,
              blocksDetached: 0,
              native: {
                f_blocks: 254,
                f_bfree: 254,
                f_bavail: 254,
              },
            },
            counts: {
              files: 1,
              mappings: 0,
              pins: 0,
              pinnedPages: 0,
              pinsAcquired: 0,
              pinsReleased: 0,
              sleepers: 0,
              delayedFrees: 0,
              wakeups: 0,
              spuriousWakeups: 0,
              bucketCollisions: 0,
              dirtyLines: 0,
            },
            waits: {
              oldestSinceMs: null,
              deadlocked: false,
            },
          },
        ],
        stopped: [],
        cursor: '0123456789abcdef.158',
      },
    },
  },
  umount: {
    answers: {
      '200': {
        name: 'stepped',
        forced: false,
      },
    },
  },
  'list-lab-presets': {
    answers: {
      '200': {
        items: [
          {
            name: 'rdma-target',
            about: 'Buffers registered for each request',
            source:
              'The case of the mail of October 2017: long-term references from RDMA. Linux refuses them on fs-dax (rule GP2); the preset allows them. The rates are assumptions.',
          },
          {
            name: 'direct-io',
            about: 'Short pins, the common case',
            source:
              'Direct I/O whose buffer is a mapping of a DAX file: the short-term pins for which break-layouts was made in Linux 4.18. The times of a fast disk are assumptions.',
          },
          {
            name: 'camera',
            about: 'A camera writes into a shared mapping',
            source:
              'v4l2 buffers in a mapping of a file: one of the users that Linux refuses on fs-dax since 4.15. 30 frames a second; the size of a frame is made small.',
          },
        ],
      },
    },
  },
  'get-lab-preset': {
    answers: {
      '200': {
        name: 'gup-two-pages',
        about: 'The deadlock of the mail',
        source:
          'S01 of docs/scenarios.md, from the mail of October 2017: a driver takes two pages one after the other, and a punch comes between.',
        text: 'name: gup-two-pages\nabout: >-\n  Drivers take two pages, one after the other, and read the file before they release them, as a\n  checksum does. Another thread punches both pages. Whoever waits for the pins with a lock held that\n  the owner of a pin needs, waits for ever.\nfilesystem: { sizeBytes: 1Mi, files: { a: 4p } }\ndurationMs: 5000\nactors:\n  driver:\n    count: 3\n    loop:\n      - pin: { file: a, pages: 2, access: write }\n      - hold: { exponential: 1 }\n      - { read: { length: 2p }, chance: 0.02 }\n      - unpin\n      - think: { exponential: 4 }\n  puncher: { loop: [ { punch-hole: { file: a, pages: 2 } }, { think: { exponential: 20 } } ] }\n',
      },
    },
  },
  'create-lab': {
    answers: {
      '200': {
        id: 'lab_2',
        state: 'done',
        name: 'recycled',
        createdMs: 1767225819750,
        startedMs: 1767225819750,
        endedMs: 1767225819750,
        strategies: ['busy-extents'],
        seeds: 1,
        progress: {
          done: 1,
          total: 1,
        },
        digest: 'sha256:c5fadc633440594649687b35809d993e36c049acc69b075653c2939a33ad2b7b',
        result: {
          lab: 2,
          kernel: 6,
          name: 'recycled',
          workload: {
            name: 'recycled',
            filesystem: {
              sizeBytes: '4Mi',
              files: {
                data: '64Ki',
              },
            },
            durationMs: 200,
            actors: {
              nic: {
                loop: [
                  {
                    pin: {
                      file: 'data',
                      pages: 4,
                      access: 'write',
                    },
                  },
                  {
                    hold: {
                      exponential: 5,
                    },
                  },
                  'unpin',
                ],
              },
              recycler: {
                loop: [
                  {
                    'punch-hole': {
                      file: 'data',
                      pages: 16,
                    },
                  },
                  {
                    think: 20,
                  },
                ],
              },
            },
          },
          seeds: [1],
          notes: [
            '1 seeds are too few for a spread; take 8 or more.',
            'Some runs have fewer than 100 layout changes that ended; there latencyP99Ms is the longest of them, or nearly. Take a longer durationMs.',
          ],
          strategies: [
            {
              strategy: 'busy-extents',
              options: {},
              changes: {
                ended: 10,
                failed: 0,
                neverEnded: 0,
                latencyMs: {
                  p50: 0,
                  p90: 0,
                  p99: 0,
                  max: 0,
                },
              },
              others: {
                blockedMs: 0,
                longestMs: 0,
              },
              space: {
                peakBlocks: 4,
                blockMs: 201.24,
              },
              device: {
                lost: 20,
                foreign: 0,
                refused: 0,
              },
              deadlocks: 0,
              hangs: 0,
              starved: 0,
              scans: 10,
              wakeups: 0,
              spurious: 0,
              findings: [],
              figures: {
                latencyP50Ms: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                latencyP90Ms: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                latencyP99Ms: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                latencyMaxMs: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                ended: {
                  median: 10,
                  q1: 10,
                  q3: 10,
                  low: 10,
                  high: 10,
                },
                failed: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                neverEnded: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                'neverEnded.deadlock': {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                'neverEnded.hang': {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                'neverEnded.starvation': {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                'neverEnded.unfinished': {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                blockedShare: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                blockedInSMs: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                blockedInDMs: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                longestBlockedMs: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                hungTasks: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                pagesLost: {
                  median: 20,
                  q1: 20,
                  q3: 20,
                  low: 20,
                  high: 20,
                },
                pagesForeign: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                pagesReadForeign: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                pagesReadStale: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                pagesWritten: {
                  median: 80,
                  q1: 80,
                  q3: 80,
                  low: 80,
                  high: 80,
                },
                pins: {
                  median: 21,
                  q1: 21,
                  q3: 21,
                  low: 21,
                  high: 21,
                },
                pinsRefused: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                heldBackPeakBytes: {
                  median: 16384,
                  q1: 16384,
                  q3: 16384,
                  low: 16384,
                  high: 16384,
                },
                heldBackByteSeconds: {
                  median: 824.27904,
                  q1: 824.27904,
                  q3: 824.27904,
                  low: 824.27904,
                  high: 824.27904,
                },
                dfLessDuBytes: {
                  median: 4121.3952,
                  q1: 4121.3952,
                  q3: 4121.3952,
                  low: 4121.3952,
                  high: 4121.3952,
                },
                noSpaceWhileHeldBack: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                freedUnderPin: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                deadlocks: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                commands: {
                  median: 72,
                  q1: 72,
                  q3: 72,
                  low: 72,
                  high: 72,
                },
                scans: {
                  median: 10,
                  q1: 10,
                  q3: 10,
                  low: 10,
                  high: 10,
                },
                wakeups: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                spuriousWakeups: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                workItems: {
                  median: 20,
                  q1: 20,
                  q3: 20,
                  low: 20,
                  high: 20,
                },
                events: {
                  median: 454,
                  q1: 454,
                  q3: 454,
                  low: 454,
                  high: 454,
                },
              },
              seedsWith: {
                deadlock: 0,
                hang: 0,
                starvation: 0,
                'foreign write': 0,
              },
              latency: {
                'punch-hole': {
                  ended: {
                    count: 10,
                    max: 0,
                    sum: 0,
                    buckets: [0, 10],
                  },
                  unfinished: {
                    count: 0,
                    max: 0,
                    sum: 0,
                    buckets: [],
                  },
                  failed: {},
                  neverEnded: {},
                },
              },
              heldBackSeries: [0, 0, 0],
            },
          ],
          digest: 'sha256:c5fadc633440594649687b35809d993e36c049acc69b075653c2939a33ad2b7b',
        },
      },
      '202': {
        id: 'lab_1',
        state: 'running',
        name: 'recycled',
        createdMs: 1767225818750,
        startedMs: 1767225818750,
        strategies: ['busy-extents'],
        seeds: 1,
        progress: {
          done: 0,
          total: 1,
        },
      },
    },
    request: {
      workload: {
        name: 'recycled',
        filesystem: {
          sizeBytes: '4Mi',
          files: {
            data: '64Ki',
          },
        },
        durationMs: 200,
        actors: {
          nic: {
            loop: [
              {
                pin: {
                  file: 'data',
                  pages: 4,
                  access: 'write',
                },
              },
              {
                hold: {
                  exponential: 5,
                },
              },
              'unpin',
              {
                think: {
                  exponential: 5,
                },
              },
            ],
          },
          recycler: {
            loop: [
              {
                'punch-hole': {
                  file: 'data',
                  pages: 16,
                },
              },
              {
                think: 20,
              },
            ],
          },
        },
      },
      strategies: ['busy-extents'],
      seeds: 1,
    },
  },
  'get-lab': {
    answers: {
      '200': {
        id: 'lab_1',
        state: 'done',
        name: 'recycled',
        createdMs: 1767225818750,
        startedMs: 1767225818750,
        endedMs: 1767225819000,
        strategies: ['busy-extents'],
        seeds: 1,
        progress: {
          done: 1,
          total: 1,
        },
        digest: 'sha256:c5fadc633440594649687b35809d993e36c049acc69b075653c2939a33ad2b7b',
        result: {
          lab: 2,
          kernel: 6,
          name: 'recycled',
          workload: {
            name: 'recycled',
            filesystem: {
              sizeBytes: '4Mi',
              files: {
                data: '64Ki',
              },
            },
            durationMs: 200,
            actors: {
              nic: {
                loop: [
                  {
                    pin: {
                      file: 'data',
                      pages: 4,
                      access: 'write',
                    },
                  },
                  {
                    hold: {
                      exponential: 5,
                    },
                  },
                  'unpin',
                ],
              },
              recycler: {
                loop: [
                  {
                    'punch-hole': {
                      file: 'data',
                      pages: 16,
                    },
                  },
                  {
                    think: 20,
                  },
                ],
              },
            },
          },
          seeds: [1],
          notes: [
            '1 seeds are too few for a spread; take 8 or more.',
            'Some runs have fewer than 100 layout changes that ended; there latencyP99Ms is the longest of them, or nearly. Take a longer durationMs.',
          ],
          strategies: [
            {
              strategy: 'busy-extents',
              options: {},
              changes: {
                ended: 10,
                failed: 0,
                neverEnded: 0,
                latencyMs: {
                  p50: 0,
                  p90: 0,
                  p99: 0,
                  max: 0,
                },
              },
              others: {
                blockedMs: 0,
                longestMs: 0,
              },
              space: {
                peakBlocks: 4,
                blockMs: 201.24,
              },
              device: {
                lost: 20,
                foreign: 0,
                refused: 0,
              },
              deadlocks: 0,
              hangs: 0,
              starved: 0,
              scans: 10,
              wakeups: 0,
              spurious: 0,
              findings: [],
              figures: {
                latencyP50Ms: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                latencyP90Ms: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                latencyP99Ms: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                latencyMaxMs: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                ended: {
                  median: 10,
                  q1: 10,
                  q3: 10,
                  low: 10,
                  high: 10,
                },
                failed: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                neverEnded: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                'neverEnded.deadlock': {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                'neverEnded.hang': {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                'neverEnded.starvation': {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                'neverEnded.unfinished': {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                blockedShare: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                blockedInSMs: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                blockedInDMs: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                longestBlockedMs: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                hungTasks: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                pagesLost: {
                  median: 20,
                  q1: 20,
                  q3: 20,
                  low: 20,
                  high: 20,
                },
                pagesForeign: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                pagesReadForeign: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                pagesReadStale: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                pagesWritten: {
                  median: 80,
                  q1: 80,
                  q3: 80,
                  low: 80,
                  high: 80,
                },
                pins: {
                  median: 21,
                  q1: 21,
                  q3: 21,
                  low: 21,
                  high: 21,
                },
                pinsRefused: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                heldBackPeakBytes: {
                  median: 16384,
                  q1: 16384,
                  q3: 16384,
                  low: 16384,
                  high: 16384,
                },
                heldBackByteSeconds: {
                  median: 824.27904,
                  q1: 824.27904,
                  q3: 824.27904,
                  low: 824.27904,
                  high: 824.27904,
                },
                dfLessDuBytes: {
                  median: 4121.3952,
                  q1: 4121.3952,
                  q3: 4121.3952,
                  low: 4121.3952,
                  high: 4121.3952,
                },
                noSpaceWhileHeldBack: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                freedUnderPin: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                deadlocks: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                commands: {
                  median: 72,
                  q1: 72,
                  q3: 72,
                  low: 72,
                  high: 72,
                },
                scans: {
                  median: 10,
                  q1: 10,
                  q3: 10,
                  low: 10,
                  high: 10,
                },
                wakeups: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                spuriousWakeups: {
                  median: 0,
                  q1: 0,
                  q3: 0,
                  low: 0,
                  high: 0,
                },
                workItems: {
                  median: 20,
                  q1: 20,
                  q3: 20,
                  low: 20,
                  high: 20,
                },
                events: {
                  median: 454,
                  q1: 454,
                  q3: 454,
                  low: 454,
                  high: 454,
                },
              },
              seedsWith: {
                deadlock: 0,
                hang: 0,
                starvation: 0,
                'foreign write': 0,
              },
              latency: {
                'punch-hole': {
                  ended: {
                    count: 10,
                    max: 0,
                    sum: 0,
                    buckets: [0, 10],
                  },
                  unfinished: {
                    count: 0,
                    max: 0,
                    sum: 0,
                    buckets: [],
                  },
                  failed: {},
                  neverEnded: {},
                },
              },
              heldBackSeries: [0, 0, 0],
            },
          ],
          digest: 'sha256:c5fadc633440594649687b35809d993e36c049acc69b075653c2939a33ad2b7b',
        },
      },
    },
  },
  'list-labs': {
    answers: {
      '200': {
        items: [
          {
            id: 'lab_1',
            state: 'done',
            name: 'recycled',
            createdMs: 1767225818750,
            strategies: ['busy-extents'],
            seeds: 1,
            progress: {
              done: 1,
              total: 1,
            },
            startedMs: 1767225818750,
            endedMs: 1767225819000,
            digest: 'sha256:c5fadc633440594649687b35809d993e36c049acc69b075653c2939a33ad2b7b',
          },
        ],
      },
    },
  },
  'delete-lab': {
    answers: {
      '200': {
        id: 'lab_1',
        state: 'done',
        name: 'recycled',
        createdMs: 1767225818750,
        strategies: ['busy-extents'],
        seeds: 1,
        progress: {
          done: 1,
          total: 1,
        },
        startedMs: 1767225818750,
        endedMs: 1767225819000,
        digest: 'sha256:c5fadc633440594649687b35809d993e36c049acc69b075653c2939a33ad2b7b',
      },
    },
  },
  index: {
    answers: {
      '200': {
        name: 'pinhole',
        version: '0.1.0',
        links: {
          api: '/v1',
          openapi: '/openapi.json',
          asyncapi: '/asyncapi.json',
          metrics: '/metrics',
          ready: '/readyz',
          page: '/ui/',
          docs: '/docs/',
        },
        tokenNeeded: false,
      },
    },
  },
  capabilities: {
    answers: {
      '200': {
        name: 'pinhole',
        version: '0.1.0',
        durability: 'memory',
        kinds: ['xfs', 'ext4', 'ext2'],
        kernels: ['6.12', '7.3'],
        strategies: [
          {
            name: 'break-layouts',
            summary: 'D: unmap, drop invalidate_lock, sleep on the first busy page, scan again',
            doc: 'The caller sleeps, interruptibly, with i_rwsem held and invalidate_lock released. Faults continue; reads, writes and other layout changes of the file queue behind the caller. The file does not change before the last pin in scope is released. The wait starves while owners pin the pages in turn. Under idleRule modern it also continues when a page of the range is faulted in again. Kernel 6.12 finds no pin in a file without a mapping: it frees or moves the blocks under the pins, with a warning.',
            options: {
              type: 'object',
              properties: {
                idleRule: {
                  default: 'modern',
                  description:
                    'When a page is idle. classic (until 6.14): at a refcount of 1, which does not count mappings. modern (since 6.15): at a refcount of 0, which counts mappings. fixed: without pins.',
                  type: 'string',
                  enum: ['classic', 'modern', 'fixed'],
                },
                breakScope: {
                  default: 'file',
                  description:
                    'What is scanned for pinned pages. ext4 and XFS on Linux scan the whole file.',
                  type: 'string',
                  enum: ['file', 'range'],
                },
                longterm: {
                  default: 'refuse',
                  description: 'Whether pins with longterm are refused (EOPNOTSUPP) or allowed.',
                  type: 'string',
                  enum: ['refuse', 'allow'],
                },
              },
              additionalProperties: false,
            },
          },
          {
            name: 'busy-extents',
            summary:
              'A: take blocks out of the file at once, keep them on the busy list until the last put',
            doc: 'The call returns at once, and the file shows the new layout at once. Pinned blocks stay on the busy list: they cannot be allocated until their last reference drops and a worker frees them. So du falls at once, and reusable space rises with the last put; until then no file owns the space and nobody can use it. collapse and insert wait, like break-layouts, for pins on the blocks that they move, but not for pins on the blocks that collapse removes.',
            options: {
              type: 'object',
              properties: {
                longterm: {
                  default: 'refuse',
                  description: 'Whether pins with longterm are refused (EOPNOTSUPP) or allowed.',
                  type: 'string',
                  enum: ['refuse', 'allow'],
                },
              },
              additionalProperties: false,
            },
          },
          {
            name: 'wait-for-refs',
            summary: 'B: refuse new references and wait in the truncate with both locks held',
            doc: 'The caller sleeps, interruptibly, with i_rwsem and invalidate_lock held, until the last pin on a page that leaves the file is released. It cannot starve, because no new references are given out. But every fault in the file blocks for as long, and an owner that needs such a fault before it unpins is in a deadlock.',
            options: {
              type: 'object',
              properties: {
                newRefs: {
                  default: 'block',
                  description:
                    'What get_user_pages does on a page that is closed to new references: sleep in the fault (block), or EAGAIN (fail).',
                  type: 'string',
                  enum: ['block', 'fail'],
                },
                longterm: {
                  default: 'refuse',
                  description: 'Whether pins with longterm are refused (EOPNOTSUPP) or allowed.',
                  type: 'string',
                  enum: ['refuse', 'allow'],
                },
              },
              additionalProperties: false,
            },
          },
        ],
        limits: {
          leaseMs: 3000,
          waitDefaultMs: 1000,
          waitMaxMs: 60000,
          drainMs: 5000,
          headersTimeoutMs: 5000,
          requestTimeoutMs: 10000,
          keepAliveTimeoutMs: 72000,
          answerTimeoutMs: 60000,
          pipelineMax: 64,
          connectionsMax: 20000,
          headerBytesMax: 16384,
          jsonBytesMax: 262144,
          jsonDepthMax: 32,
          contentBytesMax: 16777216,
          tenantsMax: 10000,
          tenantRequestsPerSecondMax: 0,
          tokensPerTenantMax: 1000,
          filesystemsMax: 20000,
          deviceBytesMax: 68719476736,
          memoryMax: 1073741824,
          inboxMax: 10000,
          batchMax: 512,
          tasksMax: 10000,
          endedOperationsMax: 1000,
          endedOperationMs: 600000,
          readBytesKeptMax: 4194304,
          extentsPerFileMax: 10000000,
          pagesPerPinMax: 65536,
          pinnedReferencesMax: 4194304,
          anonPagesMax: 16384,
          stepsPerApplyMax: 2000,
          walkStepsMax: 1000,
          exploreStatesMax: 2000,
          exploreMs: 2000,
          comparisonsMax: 8,
          comparisonsPerTenantMax: 2,
          bundleMs: 60000,
          bundleHeapBytes: 1073741824,
          compareCommandsMax: 10000,
          compareEntriesMax: 200000,
          compareBytesMax: 67108864,
          compareHeapBytes: 536870912,
          compareMs: 20000,
          labThreads: 1,
          labsMax: 64,
          labHeapBytes: 536870912,
          labRunMs: 120000,
          labTaskMs: 20000,
          labResultBytesMax: 16777216,
          diskReserveBytes: 16777216,
          snapshotEntries: 20000,
          snapshotBytes: 67108864,
          pastBytesMax: 16777216,
          spanEntriesMax: 100000,
          idempotencyKeysMax: 10000,
          idempotencyMs: 86400000,
          idempotencyAnswerBytesMax: 65536,
          idempotencyBytesMax: 16777216,
          metricsTargetsMax: 100,
          ringEventsMax: 65536,
          ringBytesMax: 16777216,
          tenantRingBytesMax: 16777216,
          tenantRingEventsMax: 65536,
          streamClientsMax: 10000,
          streamClientsPerTenantMax: 2000,
          streamSubscriptionsMax: 64,
          ticketsPerTenantMax: 1000,
          streamReadersMax: 100000,
          streamMessagesPerSecondMax: 1000,
          streamFrameEventsMax: 512,
          streamFrameBytesMax: 65536,
          streamBookmarkMs: 1000,
          streamBufferBytesMax: 262144,
          streamBuffersBytesMax: 16777216,
          streamMessageBytesMax: 16384,
          streamHeartbeatMs: 15000,
          sizeBytesMin: 65536,
          pageSizeMax: 1000,
        },
        tenant: {
          name: 'default',
          quotas: {
            filesystems: {
              limit: 1000,
              used: 1,
            },
            bytes: {
              limit: 1099511627776,
              used: 67108864,
            },
            blocks: {
              limit: 4294967296,
              used: 0,
            },
            files: {
              limit: 1000000,
              used: 1,
            },
            mappings: {
              limit: 1000000,
              used: 0,
            },
            pins: {
              limit: 1000000,
              used: 0,
            },
            sleepers: {
              limit: 10000,
              used: 0,
            },
            labs: {
              limit: 4,
              used: 0,
            },
            labsKept: {
              limit: 50,
              used: 1,
            },
            labCommands: {
              limit: 5000000,
              used: 0,
            },
            memory: {
              limit: 268435456,
              used: 1048576,
            },
          },
        },
        scopes: ['read', 'write', 'operator'],
        token: null,
        tokenNeeded: false,
      },
    },
  },
  'list-stories': {
    answers: {
      '200': {
        items: [
          {
            id: 'S01',
            title: 'The deadlock of the mail',
            text: 'A device driver G wants pages 0 and 1 of a file. It takes them one after the other and releases page 0 only when it has both. Between the two, T punches a hole over both pages. T must not free a block that a device may still write to. Under wait-for-refs T holds the lock invalidate_lock while it waits for page 0. G needs that lock to get page 1. Each waits for the other, and nobody can go on.',
            strategies: {
              'busy-extents': ['completes'],
              'wait-for-refs': ['completes', 'deadlock'],
              'detach-and-wait': ['completes'],
              'break-layouts classic': ['completes'],
              'break-layouts modern': ['completes'],
              'break-layouts fixed': ['completes'],
              refuse: ['completes'],
              none: ['completes', 'frees under the pin'],
            },
          },
          {
            id: 'S02',
            title: 'No pins',
            text: 'Nobody has pinned anything. T punches page 0 and then truncates the file, and U punches page 1. Nobody has to wait for a page, so all strategies do the same. The two only queue for the locks of the file.',
            strategies: {
              'busy-extents': ['completes'],
              'wait-for-refs': ['completes'],
              'detach-and-wait': ['completes'],
              'break-layouts classic': ['completes'],
              'break-layouts modern': ['completes'],
              'break-layouts fixed': ['completes'],
              refuse: ['completes'],
              none: ['completes'],
            },
          },
          {
            id: 'S03',
            title: 'A pin inside the range',
            text: 'P pins page 0 for a device and releases it later. T truncates the file to nothing. The block of page 0 must not be given to anybody else before the device is done. The strategies differ in who waits: T itself, or only the block.',
            strategies: {
              'busy-extents': ['completes'],
              'wait-for-refs': ['completes'],
              'detach-and-wait': ['completes'],
              'break-layouts classic': ['completes'],
              'break-layouts modern': ['completes'],
              'break-layouts fixed': ['completes'],
              refuse: ['completes'],
              none: ['completes', 'frees under the pin'],
            },
          },
        ],
      },
    },
  },
  'get-story': {
    answers: {
      '200': {
        id: 'S24',
        title: 'A wake-up between test and sleep',
        text: 'T sees that page 0 is busy and is about to sleep. Just then P releases the page. If T joined the queue only after the test, nobody would ever wake it. So it joins the queue first, then tests, then sleeps.',
        strategies: {
          'busy-extents': ['completes'],
          'wait-for-refs': ['completes'],
          'detach-and-wait': ['completes'],
          'break-layouts classic': ['completes'],
          'break-layouts modern': ['completes'],
          'break-layouts fixed': ['completes'],
          refuse: ['completes'],
          none: ['completes', 'frees under the pin'],
        },
        questions: [
          'Take the steps of T one by one. Where would the release have to fall to be lost?',
          'What does T see when it wants to sleep and was woken already?',
        ],
        filesystem: {
          sizeBytes: 65536,
          kind: 'xfs',
          kernel: '7.3',
          waitqueue: {
            buckets: 256,
            keyed: true,
          },
          clock: 'manual',
          scheduler: 'stepped',
          persistenceDomain: 'adr',
          extentMaxZerooutKb: 0,
          folioGranularity: false,
        },
        setup: [
          {
            op: 'create',
            args: {
              name: 'a',
            },
          },
          {
            op: 'write',
            on: {
              file: 'a',
            },
            args: {
              offset: 0,
            },
            data: 'QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0ND',
          },
          {
            op: 'mmap',
            on: {
              file: 'a',
            },
            args: {
              offset: 0,
              length: 12288,
              access: 'read-write',
            },
          },
        ],
        commands: [
          {
            op: 'truncate',
            on: {
              file: 'a',
            },
            args: {
              sizeBytes: 0,
            },
            owner: 'T',
          },
          {
            op: 'unpin',
            on: {
              pin: 'pin_1',
            },
            owner: 'P',
          },
        ],
        requests: [
          {
            method: 'POST',
            path: '/files/a/truncate',
            query: {},
            json: {
              sizeBytes: 0,
              owner: 'T',
            },
          },
          {
            method: 'DELETE',
            path: '/pins/pin_1',
            query: {
              owner: 'P',
            },
          },
        ],
        prepared: 13,
        threads: [
          {
            owner: 'T',
            commands: [0],
            loops: false,
          },
          {
            owner: 'P',
            commands: [1],
            loops: false,
          },
        ],
        told: {
          strategy: 'wait-for-refs',
          verdict: 'waits',
        },
        steps: [
          {
            who: 'T',
            text: 'T calls truncate on a with sizeBytes 0.',
            call: 0,
            submit: {
              op: 'truncate',
              on: {
                file: 'a',
              },
              args: {
                sizeBytes: 0,
              },
              owner: 'T',
            },
            request: {
              method: 'POST',
              path: '/files/a/truncate',
              query: {},
              json: {
                sizeBytes: 0,
                owner: 'T',
              },
            },
          },
          {
            who: 'T',
            text: 'T takes the step lock in truncate on lock:a:i_rwsem.',
            task: 'op_14',
            step: 'lock',
            touches: 'lock:a:i_rwsem',
          },
          {
            who: 'T',
            text: 'T takes the step lockMapping in truncate on lock:a:invalidate_lock.',
            task: 'op_14',
            step: 'lockMapping',
            touches: 'lock:a:invalidate_lock',
          },
        ],
        ways: {
          'busy-extents': {
            completes: {
              to: ['T', 'T', 'T'],
            },
          },
          'wait-for-refs': {
            completes: {
              to: ['T', 'T', 'T'],
            },
            waits: {
              to: ['T', 'T', 'T'],
            },
          },
          'detach-and-wait': {
            completes: {
              to: ['T', 'T', 'T'],
            },
            waits: {
              to: ['T', 'T', 'T'],
            },
          },
          'break-layouts classic': {
            completes: {
              to: ['T', 'T', 'T'],
            },
            waits: {
              to: ['T', 'T', 'T'],
            },
          },
          'break-layouts modern': {
            completes: {
              to: ['T', 'T', 'T'],
            },
            waits: {
              to: ['T', 'T', 'T'],
            },
          },
          'break-layouts fixed': {
            completes: {
              to: ['T', 'T', 'T'],
            },
            waits: {
              to: ['T', 'T', 'T'],
            },
          },
          refuse: {
            completes: {
              to: ['T', 'T', 'T'],
            },
          },
          none: {
            completes: {
              to: ['T', 'T', 'T'],
            },
            'frees under the pin': {
              to: ['T', 'T', 'T'],
            },
          },
        },
      },
    },
  },
  'create-tenant': {
    answers: {
      '201': {
        name: 'team-a',
        createdMs: 1767225821250,
        quotas: {
          filesystems: 10,
          bytes: 1099511627776,
          blocks: 4294967296,
          files: 1000000,
          mappings: 1000000,
          pins: 10000,
          sleepers: 10000,
          labs: 4,
          labsKept: 50,
          labCommands: 5000000,
          memory: 1048576,
        },
        used: {
          filesystems: 0,
          bytes: 0,
          blocks: 0,
          files: 0,
          mappings: 0,
          pins: 0,
          sleepers: 0,
          labs: 0,
          labsKept: 0,
          labCommands: 0,
          memory: 1048576,
        },
      },
    },
    request: {
      name: 'team-a',
      quotas: {
        filesystems: 10,
        pins: 10000,
      },
    },
  },
  'list-tenants': {
    answers: {
      '200': {
        items: [
          {
            name: 'default',
            createdMs: 1767225600000,
            quotas: {
              filesystems: 1000,
              bytes: 1099511627776,
              blocks: 4294967296,
              files: 1000000,
              mappings: 1000000,
              pins: 1000000,
              sleepers: 10000,
              labs: 4,
              labsKept: 50,
              labCommands: 5000000,
              memory: 1048576,
            },
            used: {
              filesystems: 1,
              bytes: 67108864,
              blocks: 0,
              files: 1,
              mappings: 0,
              pins: 0,
              sleepers: 0,
              labs: 0,
              labsKept: 1,
              labCommands: 0,
              memory: 1048576,
            },
          },
          {
            name: 'team-a',
            createdMs: 1767225821250,
            quotas: {
              filesystems: 10,
              bytes: 1099511627776,
              blocks: 4294967296,
              files: 1000000,
              mappings: 1000000,
              pins: 10000,
              sleepers: 10000,
              labs: 4,
              labsKept: 50,
              labCommands: 5000000,
              memory: 1048576,
            },
            used: {
              filesystems: 0,
              bytes: 0,
              blocks: 0,
              files: 0,
              mappings: 0,
              pins: 0,
              sleepers: 0,
              labs: 0,
              labsKept: 0,
              labCommands: 0,
              memory: 1048576,
            },
          },
        ],
      },
    },
  },
  'get-tenant': {
    answers: {
      '200': {
        name: 'team-a',
        createdMs: 1767225821250,
        quotas: {
          filesystems: 10,
          bytes: 1099511627776,
          blocks: 4294967296,
          files: 1000000,
          mappings: 1000000,
          pins: 10000,
          sleepers: 10000,
          labs: 4,
          labsKept: 50,
          labCommands: 5000000,
          memory: 1048576,
        },
        used: {
          filesystems: 0,
          bytes: 0,
          blocks: 0,
          files: 0,
          mappings: 0,
          pins: 0,
          sleepers: 0,
          labs: 0,
          labsKept: 0,
          labCommands: 0,
          memory: 1048576,
        },
      },
    },
  },
  'set-quotas': {
    answers: {
      '200': {
        name: 'team-a',
        createdMs: 1767225821250,
        quotas: {
          filesystems: 10,
          bytes: 1099511627776,
          blocks: 4294967296,
          files: 1000000,
          mappings: 1000000,
          pins: 100,
          sleepers: 10000,
          labs: 4,
          labsKept: 50,
          labCommands: 5000000,
          memory: 1048576,
        },
        used: {
          filesystems: 0,
          bytes: 0,
          blocks: 0,
          files: 0,
          mappings: 0,
          pins: 0,
          sleepers: 0,
          labs: 0,
          labsKept: 0,
          labCommands: 0,
          memory: 1048576,
        },
      },
    },
    request: {
      pins: 100,
    },
  },
  'create-token': {
    answers: {
      '201': {
        id: '0123456789abcdef',
        scopes: ['read'],
        createdMs: 1767225822250,
        expiresMs: 1767312222250,
        token: 'ph_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      },
    },
    request: {
      scopes: ['read'],
      expiresInMs: 86400000,
    },
  },
  'list-tokens': {
    answers: {
      '200': {
        items: [
          {
            id: '0123456789abcdef',
            scopes: ['read'],
            createdMs: 1767225822250,
            expiresMs: 1767312222250,
          },
        ],
      },
    },
  },
  'revoke-token': {
    answers: {
      '200': {
        id: '0123456789abcdef',
      },
    },
  },
  'delete-tenant': {
    answers: {
      '200': {
        name: 'team-a',
        createdMs: 1767225821250,
        quotas: {
          filesystems: 10,
          bytes: 1099511627776,
          blocks: 4294967296,
          files: 1000000,
          mappings: 1000000,
          pins: 100,
          sleepers: 10000,
          labs: 4,
          labsKept: 50,
          labCommands: 5000000,
          memory: 1048576,
        },
        used: {
          filesystems: 0,
          bytes: 0,
          blocks: 0,
          files: 0,
          mappings: 0,
          pins: 0,
          sleepers: 0,
          labs: 0,
          labsKept: 0,
          labCommands: 0,
          memory: 1048576,
        },
      },
    },
  },
  'create-ticket': {
    answers: {
      '201': {
        ticket: 'pht_0123456789abcdef0123456789abcdef0123456789abcdef',
        stream: '/v1/filesystems/scratch/events',
        expiresMs: 1767225853250,
      },
    },
    request: {
      stream: '/v1/filesystems/scratch/events',
    },
  },
  'metrics-targets': {
    answers: {
      '200': [
        {
          targets: ['localhost:8080'],
          labels: {
            __metrics_path__: '/metrics',
            service: 'pinhole',
          },
        },
        {
          targets: ['localhost:8080'],
          labels: {
            __metrics_path__: '/v1/metrics/tenants',
            service: 'pinhole',
            part: 'tenants',
          },
        },
        {
          targets: ['localhost:8080'],
          labels: {
            __metrics_path__: '/v1/tenants/default/filesystems/scratch/metrics',
            service: 'pinhole',
            tenant: 'default',
            filesystem: 'scratch',
          },
        },
      ],
    },
  },
  'list-problems': {
    answers: {
      '200': {
        items: [
          {
            type: '/v1/problems/eacces',
            title: 'EACCES',
            status: 403,
            detail:
              'The access needs write permission, and the mapping is read-only; or the token lacks the scope.',
          },
          {
            type: '/v1/problems/eagain',
            title: 'EAGAIN',
            status: 409,
            detail:
              'The operation would have to wait and may not (nowait), or a limit of the filesystem is reached for now. Nothing was changed; try again later.',
          },
          {
            type: '/v1/problems/ebusy',
            title: 'EBUSY',
            status: 409,
            detail:
              'The object is in use: pinned, mapped, or needed by an operation. Where `blockedBy` is given, it lists the users.',
          },
        ],
      },
    },
  },
  'get-problem': {
    answers: {
      '200': {
        type: '/v1/problems/ebusy',
        title: 'EBUSY',
        status: 409,
        detail:
          'The object is in use: pinned, mapped, or needed by an operation. Where `blockedBy` is given, it lists the users.',
      },
    },
  },
  'list-rules': {
    answers: {
      '200': {
        items: [
          {
            id: 'LC1',
            section: 'Layout changes',
            text: 'These operations break the layout first: truncate, punch-hole, zero-range, collapse-range, insert-range, a write that replaces the whole content, and on XFS allocate. These do not: read, write at an offset, fsync, and preallocation on ext4.',
          },
          {
            id: 'LC2',
            section: 'Layout changes',
            text: 'A layout change has the steps `lock → lockMapping → scan ⇄ (enqueue → test → sleep → relock) → change → commit → drain`. Every arrow is a scheduler step. i_rwsem and invalidate_lock are held exclusive from the first two steps to the end of `commit`.',
          },
          {
            id: 'LC3',
            section: 'Layout changes',
            text: 'A range is checked before any lock is taken (vfs_fallocate). The largest size of truncate and write is checked under i_rwsem, before the layout is broken. Alignment and the end of the file are checked under both locks. busy-extents, wait-for-refs and detach-and-wait check them before they look at pins; the other strategies check them after the layout was broken, and so after the wait (S32).',
            source: 'vfs_fallocate',
          },
        ],
      },
    },
  },
  'get-rule': {
    answers: {
      '200': {
        id: 'GP2',
        section: 'Mappings, faults, pins',
        text: 'FOLL_LONGTERM on a DAX file is EOPNOTSUPP before any page is touched, unless the strategy has `longterm: allow`. Pins of the kinds `rdma`, `v4l2`, `vfio` and `io-uring` are FOLL_LONGTERM, those of `direct-io` and `vmsplice` are not; `longterm` says otherwise.',
      },
    },
  },
  compare: {
    answers: {
      '200': {
        strategies: [
          {
            strategy: 'break-layouts',
            options: {
              idleRule: 'modern',
              breakScope: 'file',
              longterm: 'refuse',
            },
            operations: [
              {
                id: 'op_1',
                op: 'create',
                owner: null,
                file: null,
                outcome: 'done',
                sleptMs: 0,
                blockedBy: [],
              },
              {
                id: 'op_2',
                op: 'truncate',
                owner: null,
                file: 'a',
                outcome: 'done',
                sleptMs: 0,
                blockedBy: [],
              },
            ],
            deadlocks: 0,
            hangs: 0,
            blocksHeldBack: {
              peak: 0,
              blockMs: 0,
            },
            freedUnderPin: 0,
            dmaLost: 0,
            dmaForeign: 0,
          },
          {
            strategy: 'wait-for-refs',
            options: {
              newRefs: 'fail',
              longterm: 'refuse',
            },
            operations: [
              {
                id: 'op_1',
                op: 'create',
                owner: null,
                file: null,
                outcome: 'done',
                sleptMs: 0,
                blockedBy: [],
              },
              {
                id: 'op_2',
                op: 'truncate',
                owner: null,
                file: 'a',
                outcome: 'done',
                sleptMs: 0,
                blockedBy: [],
              },
            ],
            deadlocks: 0,
            hangs: 0,
            blocksHeldBack: {
              peak: 0,
              blockMs: 0,
            },
            freedUnderPin: 0,
            dmaLost: 0,
            dmaForeign: 0,
          },
        ],
      },
    },
    request: {
      commands: [
        {
          op: 'create',
          args: {
            name: 'a',
            sizeBytes: 8192,
          },
        },
        {
          op: 'truncate',
          on: {
            file: 'a',
          },
          args: {
            sizeBytes: 0,
          },
        },
      ],
      strategies: [
        'break-layouts',
        {
          name: 'wait-for-refs',
          newRefs: 'fail',
        },
      ],
    },
  },
  cluster: {
    answers: {
      '200': {
        nodes: [
          {
            id: 'local',
            name: 'local',
            url: 'http://127.0.0.1:8080',
            release: '0.1.0',
            live: true,
            leaving: false,
            places: 1,
          },
        ],
      },
    },
  },
  livez: {
    answers: {
      '200': {
        status: 'ok',
      },
    },
  },
  readyz: {
    answers: {
      '200': {
        status: 'ok',
        checks: [
          {
            name: 'accepting',
            ok: true,
          },
          {
            name: 'filesystems-running',
            ok: true,
          },
          {
            name: 'journal-has-room',
            ok: true,
          },
        ],
      },
    },
  },
};

/** Refusals by their types. */
export const recordedProblems: Readonly<Record<string, unknown>> = {
  enoent: {
    type: '/v1/problems/enoent',
    title: 'ENOENT',
    status: 404,
    detail: 'There is no file none.',
    instance: '/v1/filesystems/scratch/files/none',
    errno: 'ENOENT',
    rule: 'NM1',
  },
  eexist: {
    type: '/v1/problems/eexist',
    title: 'EEXIST',
    status: 409,
    detail: 'A file a exists already.',
    instance: '/v1/filesystems/scratch/files',
    errno: 'EEXIST',
    rule: 'CR1',
  },
  einval: {
    type: '/v1/problems/einval',
    title: 'EINVAL',
    status: 400,
    detail: 'Length is 0; it must be at least 1.',
    instance: '/v1/filesystems/scratch/files/a/punch-hole',
    errno: 'EINVAL',
    rule: 'RG1',
  },
  'unknown-field': {
    type: '/v1/problems/unknown-field',
    title: 'Unknown field',
    status: 400,
    detail: 'size: There is no such field.',
    instance: '/v1/filesystems/scratch/files/a/truncate',
    errno: 'EINVAL',
    rule: 'H1',
    fields: [
      {
        field: 'size',
        message: 'There is no such field.',
      },
    ],
  },
  'invalid-value': {
    type: '/v1/problems/invalid-value',
    title: 'Invalid value',
    status: 400,
    detail: 'sizeBytes: Too small: expected number to be >=0',
    instance: '/v1/filesystems/scratch/files/a/truncate',
    errno: 'EINVAL',
    rule: 'H2',
    fields: [
      {
        field: 'sizeBytes',
        message: 'Too small: expected number to be >=0',
      },
    ],
  },
  ebusy: {
    type: '/v1/problems/ebusy',
    title: 'EBUSY',
    status: 409,
    detail: 'The filesystem is in use (mappings: 1, pins: 1, operations: 2).',
    instance: '/v1/filesystems/scratch',
    errno: 'EBUSY',
    rule: 'UM1',
    blockedBy: [
      {
        pin: 'pin_1',
        owner: 'device',
        kind: 'vmsplice',
        heldMs: 4000,
      },
      {
        mapping: 'map_1',
        owner: null,
        heldMs: 5000,
      },
      {
        operation: 'op_14',
        owner: null,
        heldMs: 2250,
      },
    ],
  },
  eagain: {
    type: '/v1/problems/eagain',
    title: 'EAGAIN',
    status: 409,
    detail: 'The lock i_rwsem of a is held, and the request says nowait.',
    instance: '/v1/filesystems/scratch/files/a/truncate',
    errno: 'EAGAIN',
    rule: 'SL2',
    blockedBy: [
      {
        owner: null,
        operation: 'op_14',
        lock: 'i_rwsem',
        mode: 'exclusive',
        heldMs: 2500,
      },
      {
        owner: null,
        operation: 'op_15',
        lock: 'i_rwsem',
        heldMs: 0,
      },
    ],
    help: '/docs/how-to/stuck-truncate',
  },
  eopnotsupp: {
    type: '/v1/problems/eopnotsupp',
    title: 'EOPNOTSUPP',
    status: 422,
    detail:
      'A long-term pin on a DAX file would block truncate as long as it lives; use on-demand paging, a devdax namespace, a file without DAX, or a strategy with longterm: allow.',
    instance: '/v1/filesystems/scratch/mappings/map_1/pins',
    errno: 'EOPNOTSUPP',
    rule: 'GP2',
    help: '/docs/how-to/rdma-eopnotsupp',
  },
  efault: {
    type: '/v1/problems/efault',
    title: 'EFAULT',
    status: 422,
    detail: 'Byte 1048576 is outside the mapping, which has 65536 bytes.',
    instance: '/v1/filesystems/scratch/mappings/map_1/pins',
    errno: 'EFAULT',
    rule: 'GP1',
  },
  'precondition-failed': {
    type: '/v1/problems/precondition-failed',
    title: 'Precondition failed',
    status: 412,
    detail: 'The current ETag is not among those in If-Match.',
    instance: '/v1/filesystems/scratch/files/a',
    errno: 'ESTALE',
    rule: 'NM5',
    header: 'If-Match',
  },
  'range-not-satisfiable': {
    type: '/v1/problems/range-not-satisfiable',
    title: 'Range not satisfiable',
    status: 416,
    detail: 'The range begins beyond the end of the file, which has 73728 bytes.',
    instance: '/v1/filesystems/scratch/files/a/content',
    errno: 'EINVAL',
    rule: 'H16',
    sizeBytes: 73728,
  },
  'no-such-route': {
    type: '/v1/problems/no-such-route',
    title: 'No such route',
    status: 404,
    detail: 'The server has no route at this URL; GET /openapi.json lists all routes.',
    instance: '/v1/filesystem',
    errno: 'ENOENT',
    rule: 'H9',
  },
  'invalid-workload': {
    type: '/v1/problems/invalid-workload',
    title: 'Invalid workload',
    status: 400,
    detail:
      'line 2, column 1: workload.filesystem.files: is missing. line 1, column 1: workload.durationMs: is missing. line 1, column 1: workload.actors: is missing.',
    instance: '/v1/labs',
    errno: 'EINVAL',
    rule: 'LB1',
    fields: [
      {
        field: 'workload.filesystem.files',
        message: 'is missing',
        line: 2,
        column: 1,
      },
      {
        field: 'workload.durationMs',
        message: 'is missing',
        line: 1,
        column: 1,
      },
      {
        field: 'workload.actors',
        message: 'is missing',
        line: 1,
        column: 1,
      },
    ],
  },
};
