"""The data of the API. Written by clients/python/generate; do not edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Union

ProblemBlocker = dict[str, Any]
"""What blocks the operation."""

Clock = Literal["realtime", "manual"]
"""Whether time follows the clock of the server or moves only by clock/advance."""

Scheduler = Literal["auto", "stepped"]
"""Whether tasks run by themselves or only by scheduler/step."""

PersistenceDomain = Literal["adr", "eadr"]
"""Whether cache lines that were not flushed survive a power failure."""

EventDetail = Literal["standard", "detailed"]
"""Whether locks and steps are told as events, too."""

Strategy = dict[str, Any]
"""The reclaim strategy in force, and its options."""

MappingAccess = Literal["read", "read-write"]
"""What a mapping allows: reads, or writes as well."""

PageAccess = Literal["read", "write"]
"""Whether pages are read or written."""

OperationState = Literal["running", "sleeping", "done", "failed", "cancelled"]
"""Whether an operation runs, sleeps or has ended, and how."""

BusyReason = Literal["transaction", "pinned"]
"""Why blocks are busy: an open transaction, or pins."""

LockName = Literal["i_rwsem", "invalidate_lock", "entry"]
"""A lock of an inode, or of an entry of its page cache."""

LockMode = Literal["shared", "exclusive"]
"""Whether a lock is held by one operation or by several."""

NodeKind = Literal["operation", "page", "lock", "entry", "pin", "mapping"]
"""What a node of the wait graph is."""

TaskState = Literal["running", "S", "D"]
"""Whether an operation runs, sleeps until a signal (S), or sleeps (D)."""

Verdict = Literal["completes", "deadlock", "hangs", "starves", "unknown"]
"""What can happen from here on, in some order of the steps."""

StoryFilesystem = dict[str, Any]
"""The filesystem of a story."""

StoryCommand = dict[str, Any]
"""A command: op, on, args, data in base64, owner."""

LabState = Literal["queued", "running", "done", "failed", "cancelled"]
"""Whether a lab waits, runs or has ended, and how."""

FindingKind = Literal["deadlock", "hang", "starvation", "foreign write"]
"""What a run found."""

StrategyInForce = dict[str, Any]
"""The name of a reclaim strategy, and its options."""

TraceEvent = dict[str, Any]
"""An event in Chrome's trace format."""

OpenapiResult = dict[str, Any]
"""OpenAPI 3.1."""

AsyncapiResult = dict[str, Any]
"""AsyncAPI 3."""

StrategyOptions = dict[str, Any]
"""The name of a reclaim strategy, and its options."""

PinKind = Literal["direct-io", "vmsplice", "rdma", "v4l2", "vfio", "io-uring"]
"""What holds pinned pages: a device, a system call or a driver."""

FilesystemKind = Literal["xfs", "ext4", "ext2", "btrfs"]
"""A kind of filesystem that can be simulated."""

KernelVersion = Literal["6.12", "7.3"]
"""A version of Linux that can be simulated."""

SetStrategyArgs = dict[str, Any]
"""The body of `set-strategy`."""


@dataclass(frozen=True, kw_only=True)
class Blocker:
    """A pin, mapping, operation or lock that keeps an operation from going on."""

    pin: str | None = None
    """The pin on the page that it sleeps on."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    kind: str | None = None
    """What holds the pages: a device, a system call or a driver."""
    pgoff: int | None = None
    """Page offset in the file."""
    ino: int | None = None
    """The inode whose page it was when it was pinned."""
    range: ByteRange | None = None
    """The bytes of the file that the pin holds."""
    mapping: str | None = None
    """Under the modern idle rule a mapping of the page is a reference too."""
    operation: str | None = None
    """The operation that holds the lock, or is queued for it before this one."""
    lock: str | None = None
    """The lock."""
    mode: str | None = None
    """Shared or exclusive."""
    held_ms: int
    """How long it has been held, in milliseconds."""
    _wire: ClassVar[dict[str, str]] = {
        "held_ms": "heldMs",
    }


@dataclass(frozen=True, kw_only=True)
class ByteRange:
    """A range of bytes of a file."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""


@dataclass(frozen=True, kw_only=True)
class Space:
    """Blocks of the device by their state."""

    block_size_bytes: int
    """Size of a block, in bytes."""
    blocks: int
    """Blocks of the device."""
    blocks_metadata: int
    """Blocks that hold metadata of the filesystem."""
    blocks_used: int
    """Blocks that files own."""
    blocks_free: int
    """Blocks that can be allocated now."""
    blocks_busy: int
    """Blocks that left their file and cannot be allocated yet, because of a transaction or a pin.
    """
    blocks_detached: int
    """Blocks that left their file and wait for their pins."""
    native: Statfs
    """The values of statfs on Linux, where busy blocks count as free."""
    _wire: ClassVar[dict[str, str]] = {
        "block_size_bytes": "blockSizeBytes",
        "blocks_metadata": "blocksMetadata",
        "blocks_used": "blocksUsed",
        "blocks_free": "blocksFree",
        "blocks_busy": "blocksBusy",
        "blocks_detached": "blocksDetached",
    }


@dataclass(frozen=True, kw_only=True)
class Statfs:
    """The same space as statfs shows it."""

    f_blocks: int
    """f_blocks of statfs."""
    f_bfree: int
    """f_bfree of statfs."""
    f_bavail: int
    """f_bavail of statfs."""


@dataclass(frozen=True, kw_only=True)
class WrongField:
    """A field of the body or the query that is wrong."""

    field: str
    """The path of the field, with dots."""
    message: str | None = None
    """What is wrong with it."""
    line: int | None = None
    """The line, in a workload that was sent as text."""
    column: int | None = None
    """The column, in a workload that was sent as text."""


@dataclass(frozen=True, kw_only=True)
class ProblemType:
    """A type of problem."""

    type: str
    """The URL of this problem type."""
    title: str
    """The name of the problem type."""
    status: int
    """The HTTP status of its answers."""
    detail: str
    """What the problem type means."""


@dataclass(frozen=True, kw_only=True)
class Filesystem:
    """A filesystem: its settings, its space, and counts of what it holds."""

    name: str
    """The name."""
    kind: str
    """The kind of filesystem that is simulated."""
    kernel: str
    """The version of Linux that is simulated."""
    size_bytes: int
    """Size, in bytes."""
    strategy: StrategyInForce
    """The name of the reclaim strategy and its options."""
    waitqueue: Waitqueue
    """How sleepers are found: one queue for each page, or buckets of a hash table."""
    clock: Clock
    """Whether time follows the clock of the server or moves only by clock/advance."""
    now_ms: int
    """The time of the filesystem, in milliseconds since 1970."""
    scheduler: Scheduler
    """Whether tasks run by themselves or only by scheduler/step."""
    persistence_domain: PersistenceDomain
    """adr loses cache lines that were not flushed at a power failure; eadr does not."""
    events: EventDetail
    """Whether locks and steps are told as events, too."""
    folio_granularity: bool
    """Whether one pin makes the whole 2 MiB folio busy."""
    extent_max_zeroout_kb: int
    """ext4: how much of an unwritten extent next to a write is zeroed and converted, in KiB."""
    space: Space
    """Blocks of the device by their state."""
    counts: FilesystemCounts
    """Counters of the filesystem."""
    waits: FilesystemWaits
    """The operations that sleep; counts.sleepers is their number."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "now_ms": "nowMs",
        "persistence_domain": "persistenceDomain",
        "folio_granularity": "folioGranularity",
        "extent_max_zeroout_kb": "extentMaxZerooutKb",
    }


@dataclass(frozen=True, kw_only=True)
class Waitqueue:
    """How sleepers are found: one queue for each page, or buckets of a hash table."""

    buckets: int
    """Buckets of the waitqueue hash table; a power of two."""
    keyed: bool
    """Whether a wake-up wakes only the sleepers of its page."""


@dataclass(frozen=True, kw_only=True)
class FilesystemCounts:
    """Counters of a filesystem."""

    files: int
    """Number of files."""
    mappings: int
    """Number of mappings."""
    pins: int
    """Number of pins."""
    pinned_pages: int
    """Pages with at least one pin."""
    pins_acquired: int
    """References to pages that pins have acquired so far."""
    pins_released: int
    """References to pages that pins have released so far."""
    sleepers: int
    """Number of sleeping operations."""
    delayed_frees: int
    """Blocks whose free was delayed until their pins were released."""
    wakeups: int
    """Number of wake-ups."""
    spurious_wakeups: int
    """Wake-ups after which the sleeper found its page still in use."""
    bucket_collisions: int
    """Wake-ups of a sleeper for another page in the same bucket."""
    dirty_lines: int
    """Cache lines that were stored to and not flushed."""
    _wire: ClassVar[dict[str, str]] = {
        "pinned_pages": "pinnedPages",
        "pins_acquired": "pinsAcquired",
        "pins_released": "pinsReleased",
        "delayed_frees": "delayedFrees",
        "spurious_wakeups": "spuriousWakeups",
        "bucket_collisions": "bucketCollisions",
        "dirty_lines": "dirtyLines",
    }


@dataclass(frozen=True, kw_only=True)
class FilesystemWaits:
    """Whether operations of a filesystem sleep, since when, and in a deadlock."""

    oldest_since_ms: int | None
    """When the operation that has slept longest fell asleep, on the clock of the filesystem: nowMs
    minus the total time that it has slept. null if none sleeps.
    """
    deadlocked: bool
    """Operations wait for each other in a circle; see wait-graph."""
    _wire: ClassVar[dict[str, str]] = {
        "oldest_since_ms": "oldestSinceMs",
    }


@dataclass(frozen=True, kw_only=True)
class Files:
    """A page of the list of files."""

    items: list[File]
    """The entries of this page of the list."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class File:
    """A file, as stat shows it."""

    name: str
    """The name."""
    ino: int
    """The inode number."""
    generation: int
    """Tells apart two files that had the same inode number."""
    size_bytes: int
    """Size, in bytes."""
    blocks512: int
    """st_blocks: what the file owns, in units of 512 bytes."""
    extents: int
    """Number of extents."""
    nlink: int
    """Names of the file: 1, or 0 after unlink."""
    mappings: int
    """Number of mappings."""
    etag: str
    """The ETag of the file."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    modified_ms: int
    """When the content was last changed, in milliseconds since 1970."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "created_ms": "createdMs",
        "modified_ms": "modifiedMs",
    }


@dataclass(frozen=True, kw_only=True)
class Extents:
    """The extents of a file."""

    size_bytes: int
    """Size, in bytes."""
    blocks512: int
    """Allocated space in units of 512 bytes, as in st_blocks."""
    extents: list[Extent]
    """Runs of blocks."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class Extent:
    """A run of blocks of a file."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    physical: int
    """Where the extent begins on the device, in bytes."""
    state: Literal["written", "unwritten"]
    """Whether the blocks were written."""


@dataclass(frozen=True, kw_only=True)
class Pages:
    """A page of the list of page frames."""

    items: list[Page]
    """The entries of this page of the list."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page frame of the device, and what refers to it."""

    pfn: int
    """Page frame number on the device; null where there is no page."""
    state: Literal["metadata", "used", "free", "busy", "detached"]
    """What the page frame is used for."""
    pins: int
    """Number of pins."""
    mapcount: int
    """Page-table entries that map the page."""
    refcount: Refcounts
    """The reference count of the page, by the rule of each kernel."""
    folio: Folio | None
    """With folioGranularity: the 2 MiB folio of the page. The folio is pinned and released as a
    whole, and refcount is that of the folio.
    """
    delayed_free: bool
    """The block becomes free when its last pin is released."""
    stop_new_refs: bool
    """wait-for-refs refuses new references to this page while it waits for the old ones."""
    file: str | None
    """The page of the file for which it was last faulted in, if the mapping entry still exists."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    pgoff: int | None
    """Page offset in the file."""
    bucket: int
    """Its waitqueue bucket."""
    _wire: ClassVar[dict[str, str]] = {
        "delayed_free": "delayedFree",
        "stop_new_refs": "stopNewRefs",
    }


@dataclass(frozen=True, kw_only=True)
class Refcounts:
    """The reference count of a page, by the rule of each kernel."""

    classic: int
    """To 6.14: 1 + pins; idle at 1."""
    modern: int
    """From 6.15: pins + mapcount; idle at 0."""


@dataclass(frozen=True, kw_only=True)
class Folio:
    """The folio of 2 MiB to which a page belongs."""

    pfn: int
    """Page frame number on the device; null where there is no page."""
    pages: int
    """Number of pages."""
    pins: int
    """Number of pins."""
    mapcount: int
    """Page-table entries that map the page."""


@dataclass(frozen=True, kw_only=True)
class Mappings:
    """A page of the list of mappings."""

    items: list[MmapResult]
    """The entries of this page of the list."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """A mapping of a range of a file, with a page of its page table."""

    id: str
    """The id."""
    file: str | None
    """The name of the file; null if it has none."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    offset: int
    """First byte of the file that is mapped."""
    length: int
    """Whole pages."""
    access: MappingAccess
    """What the mapping or the pin allows: reads, or writes as well."""
    shared: bool
    """MAP_SHARED; a private mapping copies pages that it writes."""
    sync: bool
    """MAP_SYNC."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    pages_present: int
    """Pages that have a page-table entry, including the zero page."""
    pmds_present: int
    """Entries of 2 MiB; their pages count in pagesPresent."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    page_table: list[PageTableEntry]
    """Page-table entries of the mapping."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "pages_present": "pagesPresent",
        "pmds_present": "pmdsPresent",
        "created_ms": "createdMs",
        "page_table": "pageTable",
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class PageTableEntry:
    """An entry of the page table of a mapping."""

    pgoff: int
    """Page offset in the file."""
    pfn: int | None
    """Page frame number on the device; null where there is no page."""
    zero_page: bool
    """Whether the entry maps the zero page of a hole."""
    writable: bool
    """Whether a store needs no fault."""
    copied: bool
    """The page is a private copy."""
    size_bytes: int
    """What the entry maps: 4096 or 2097152 bytes."""
    _wire: ClassVar[dict[str, str]] = {
        "zero_page": "zeroPage",
        "size_bytes": "sizeBytes",
    }


@dataclass(frozen=True, kw_only=True)
class Pins:
    """A page of the list of pins."""

    items: list[PinResult]
    """The entries of this page of the list."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class Pin:
    """Pages that a device has pinned, with a page of their list."""

    id: str
    """The id."""
    file: str | None
    """null if the file no longer exists."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    mapping: str
    """The id of the mapping, `map_…`."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    kind: str
    """What holds the pages: a device, a system call or a driver."""
    access: PageAccess
    """What the mapping or the pin allows: reads, or writes as well."""
    longterm: bool
    """FOLL_LONGTERM."""
    offset: int
    """Byte of the file at which the pinned range begins."""
    mapping_offset: int
    """Byte of the mapping at which the pinned range begins; addresses of its memory count from the
    same origin.
    """
    bytes_pinned: int
    """Bytes that the pin holds."""
    pages: list[PinnedPage]
    """The pinned pages."""
    pages_omitted: int | None = None
    """Pages that are not listed here; GET of the pin lists them page by page."""
    collecting: Literal[True] | None = None
    """get_user_pages still collects its pages, so no device can use it yet."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    held_ms: int
    """How long it has been held, in milliseconds."""
    until_ms: int | None
    """When the pin is released automatically, in milliseconds since 1970; 0 means never."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "mapping_offset": "mappingOffset",
        "bytes_pinned": "bytesPinned",
        "pages_omitted": "pagesOmitted",
        "created_ms": "createdMs",
        "held_ms": "heldMs",
        "until_ms": "untilMs",
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class PinnedPage:
    """A page that a pin holds."""

    pgoff: int
    """Page offset in the file."""
    pfn: int | None
    """null if the page has no block: the shared zero page or a private copy."""
    orphan: bool
    """The file no longer owns this frame at this offset."""


@dataclass(frozen=True, kw_only=True)
class Operations:
    """A page of the list of operations."""

    items: list[Operation]
    """The entries of this page of the list."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class Operation:
    """The record of an operation: what it does, what it sleeps on, how it ended."""

    id: str
    """The id."""
    op: str
    """The name of the operation."""
    state: OperationState
    """Whether it runs, sleeps or has ended, and how."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    file: str | None
    """The name of the file; null if it has none."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    step: str | None
    """The current step; null if the operation has ended."""
    sleeping_on: Sleep | None
    """What the operation sleeps on; null if it does not sleep."""
    blocked_by: list[Blocker]
    """What blocks the operation, 16 entries at most."""
    holds: list[HeldLock]
    """Locks that the operation holds."""
    submitted_at: str
    """RFC 3339."""
    submitted_ms: int
    """When it was submitted, in milliseconds since 1970."""
    slept_ms: int
    """How long it slept so far, in milliseconds."""
    wakeups: int
    """Number of wake-ups."""
    ended_ms: int | None
    """When it ended, in milliseconds since 1970; null until then."""
    result: Any = None
    """The result of an operation that succeeded; otherwise absent."""
    problem: OperationProblem | None = None
    """Why the operation failed; otherwise absent."""
    _wire: ClassVar[dict[str, str]] = {
        "sleeping_on": "sleepingOn",
        "blocked_by": "blockedBy",
        "submitted_at": "submittedAt",
        "submitted_ms": "submittedMs",
        "slept_ms": "sleptMs",
        "ended_ms": "endedMs",
    }


@dataclass(frozen=True, kw_only=True)
class Sleep:
    """What an operation sleeps on, and since when."""

    page: SleepPage | None = None
    """The page that it sleeps on."""
    lock: SleepLock | None = None
    """The lock."""
    entry: SleepEntry | None = None
    """The locked entry of the page cache that it sleeps on."""
    queue: int | None = None
    """Bucket of the waitqueue."""
    state: Literal["R", "S", "D"]
    """S: a signal ends the sleep. D: a signal has no effect. R: the operation spins, and a signal
    has no effect.
    """
    retries: int | None = None
    """How often a spinning operation has started over."""
    since_ms: int
    """When the sleep began, in milliseconds since 1970."""
    _wire: ClassVar[dict[str, str]] = {
        "since_ms": "sinceMs",
    }


@dataclass(frozen=True, kw_only=True)
class SleepPage:
    """The page on which an operation sleeps."""

    pfn: int
    """Page frame number on the device; null where there is no page."""
    pgoff: int
    """Page offset in the file."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    pins: int
    """Pins on the page, or on its folio."""
    mappings: int | None = None
    """Page-table entries that map the page, where the idle rule counts them."""


@dataclass(frozen=True, kw_only=True)
class SleepLock:
    """The lock for which an operation sleeps."""

    name: str
    """The name."""
    file: str
    """The name of the file; null if it has none."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    mode: str
    """Shared or exclusive."""


@dataclass(frozen=True, kw_only=True)
class SleepEntry:
    """The locked entry of the page cache on which an operation sleeps."""

    file: str
    """The name of the file; null if it has none."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    pgoff: int
    """Page offset in the file."""


@dataclass(frozen=True, kw_only=True)
class HeldLock:
    """A lock that an operation holds."""

    lock: str
    """The lock."""
    file: str
    """The name of the file; null if it has none."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    mode: str
    """Shared or exclusive."""
    held_ms: int
    """How long it has been held, in milliseconds."""
    _wire: ClassVar[dict[str, str]] = {
        "held_ms": "heldMs",
    }


@dataclass(frozen=True, kw_only=True)
class OperationProblem:
    """Why an operation failed."""

    errno: str
    """The error number of Linux."""
    rule: str
    """The rule of docs/spec.md that applied."""
    detail: str
    """What happened, to what, and what can be done."""
    blocked_by: list[Blocker] | None = None
    """What blocked the operation, 16 entries at most."""
    cycle: list[str] | None = None
    """The cycle that the wait would have completed."""
    _wire: ClassVar[dict[str, str]] = {
        "blocked_by": "blockedBy",
    }


@dataclass(frozen=True, kw_only=True)
class BusyExtents:
    """Blocks that left their file and cannot be allocated yet."""

    generation: int
    """Increases each time that runs leave the list."""
    blocks_busy: int
    """Blocks that were freed but cannot be used again before their pins are released."""
    blocks_detached: int
    """Blocks that left their file and wait for their pins."""
    extents: list[BusyExtent]
    """Runs of blocks that left their file and cannot be allocated yet."""
    detached: list[DetachedExtent]
    """Blocks that left their file and wait for their pins."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "blocks_busy": "blocksBusy",
        "blocks_detached": "blocksDetached",
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class BusyExtent:
    """A run of blocks that left its file and cannot be allocated yet."""

    pfn: int
    """Page frame number on the device; null where there is no page."""
    pages: int
    """Number of pages."""
    reasons: list[BusyReason]
    """Why the blocks are busy."""
    pins: int
    """References on its pages."""
    age_ms: int
    """Time since its blocks became busy, in milliseconds."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    _wire: ClassVar[dict[str, str]] = {
        "age_ms": "ageMs",
    }


@dataclass(frozen=True, kw_only=True)
class DetachedExtent:
    """A run of blocks that left its file and waits for its pins."""

    pfn: int
    """Page frame number on the device; null where there is no page."""
    pages: int
    """Number of pages."""
    pins: int
    """Number of pins."""
    age_ms: int
    """Time since its blocks became busy, in milliseconds."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    freed_by: str
    """The operation that waits for the blocks, or reaper."""
    _wire: ClassVar[dict[str, str]] = {
        "age_ms": "ageMs",
        "freed_by": "freedBy",
    }


@dataclass(frozen=True, kw_only=True)
class Badblocks:
    """The media errors of the device."""

    badblock_count: int
    """Number of poisoned blocks, as in sysfs."""
    items: list[Badblock]
    """The entries of this page of the list."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class Badblock:
    """A run of poisoned blocks."""

    block: int
    """The number of a block of 4 KiB on the device."""
    count: int
    """Number of blocks."""
    offset: int
    """Bytes."""
    length: int
    """Length of the range, in bytes."""


@dataclass(frozen=True, kw_only=True)
class FreeExtents:
    """The free runs of the device."""

    blocks_free: int
    """Blocks that can be allocated now."""
    extents: list[FreeExtent]
    """Runs of free blocks."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "blocks_free": "blocksFree",
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class FreeExtent:
    """A run of free blocks."""

    pfn: int
    """Page frame number on the device; null where there is no page."""
    pages: int
    """Number of pages."""


@dataclass(frozen=True, kw_only=True)
class Map:
    """The page frames of the device as runs of equal state."""

    size_bytes: int
    """Of the device."""
    offset: int
    """The first byte that the runs cover."""
    length: int
    """The bytes that the runs cover."""
    runs: list[MapRun]
    """Ascending by pfn, without a gap."""
    next_offset: int | None = None
    """The first byte that was asked for and is left off."""
    owners_omitted: Literal[True] | None = None
    """There are too many extents to search their owners."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "next_offset": "nextOffset",
        "owners_omitted": "ownersOmitted",
    }


@dataclass(frozen=True, kw_only=True)
class MapRun:
    """A run of page frames of equal state."""

    pfn: int
    """Page frame number on the device; null where there is no page."""
    pages: int
    """Number of pages."""
    state: Literal["free", "metadata", "used", "busy", "detached"]
    """What the page frames are used for."""
    ino: int | None = None
    """The inode that owns the blocks, or that busy and detached blocks left."""
    file: str | None = None
    """The name of that inode, if it has one."""
    pgoff: int | None = None
    """The page of the file that the first frame holds."""
    pins: int | None = None
    """References of pins on each of these pages. Absent: none."""
    flags: list[Literal["written", "unwritten", "mapped", "huge", "folio", "dirty", "poisoned", "delayed-free", "stop-new-refs", "waited-for"]] | None = None
    """written and unwritten: the state of the extent. mapped: it is in a page table. huge: a 2 MiB
    entry maps it. folio: it is pinned and released with its whole folio. dirty: a CPU cache
    holds lines of it. poisoned: sectors of it cannot be read. delayed-free: its last put frees
    it. stop-new-refs: wait-for-refs refuses new references. waited-for: an operation sleeps on
    it.
    """


@dataclass(frozen=True, kw_only=True)
class Waitqueues:
    """The hashed waitqueues, bucket by bucket."""

    buckets: int
    """Buckets of the waitqueue hash table; a power of two."""
    keyed: bool
    """Whether a wake-up wakes only the sleepers of its page."""
    wakeups: int
    """Number of wake-ups."""
    spurious_wakeups: int
    """Wake-ups after which the sleeper found its page still in use."""
    bucket_collisions: int
    """Wake-ups of a sleeper for another page in the same bucket."""
    pages: list[PageBucket]
    """Sleepers on pages, by bucket."""
    entries: list[EntryBucket]
    """Sleepers on a locked entry of the page cache."""
    runnable: list[str]
    """Ids of tasks that can take a step."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "spurious_wakeups": "spuriousWakeups",
        "bucket_collisions": "bucketCollisions",
    }


@dataclass(frozen=True, kw_only=True)
class PageBucket:
    """Operations that sleep on pages in one bucket of the waitqueue hash table."""

    bucket: int
    """The bucket of the waitqueue hash table."""
    waiters: list[PageBucketWaiter]
    """Operations that sleep in the bucket."""


@dataclass(frozen=True, kw_only=True)
class PageBucketWaiter:
    """An operation that sleeps on a page."""

    operation: str
    """The id of the operation, `op_…`."""
    pfn: int
    """Page frame number on the device; null where there is no page."""
    exclusive: bool
    """A wake-up wakes one of the exclusive sleepers."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""


@dataclass(frozen=True, kw_only=True)
class EntryBucket:
    """Operations that sleep on locked entries in one bucket."""

    bucket: int
    """The bucket of the waitqueue hash table."""
    waiters: list[EntryBucketWaiter]
    """Operations that sleep in the bucket."""


@dataclass(frozen=True, kw_only=True)
class EntryBucketWaiter:
    """An operation that sleeps on a locked entry of the page cache."""

    operation: str
    """The id of the operation, `op_…`."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    pgoff: int
    """Page offset in the file."""


@dataclass(frozen=True, kw_only=True)
class Locks:
    """The locks that are held or waited for."""

    items: list[Lock]
    """The entries of this page of the list."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock that is held or waited for."""

    lock: LockName
    """entry is the lock of the DAX mapping entry of page `pgoff`."""
    pgoff: int | None = None
    """Only of an entry; the first page of a 2 MiB entry."""
    file: str
    """The name of the file; null if it has none."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    holders: list[LockOwner]
    """Operations that hold the lock."""
    queue: list[LockOwner]
    """Operations that wait for the lock, the next one first."""


@dataclass(frozen=True, kw_only=True)
class LockOwner:
    """An operation that holds a lock or waits for it."""

    operation: str
    """The id of the operation, `op_…`."""
    op: str
    """The name of the operation."""
    mode: LockMode
    """Shared or exclusive."""
    held_ms: int | None = None
    """How long it has been held, in milliseconds."""
    _wire: ClassVar[dict[str, str]] = {
        "held_ms": "heldMs",
    }


@dataclass(frozen=True, kw_only=True)
class WaitGraph:
    """The wait graph: which operation waits for what, and every deadlock."""

    nodes: list[WaitGraphNode]
    """Operations, pages, locks, entries and pins."""
    edges: list[WaitGraphEdge]
    """Edges: which node waits for which."""
    cycles: list[Deadlock]
    """Cycles of waits: deadlocks."""
    omitted: int
    """Sleepers that are not shown."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """


@dataclass(frozen=True, kw_only=True)
class WaitGraphNode:
    """A node of the wait graph: an operation, a page, a lock, an entry or a pin."""

    id: str
    """The id."""
    kind: NodeKind
    """What the node is."""
    label: str
    """The node in words."""
    owner: str | None = None
    """The thread on whose behalf the request was made; null if none was given."""
    state: TaskState | None = None
    """Whether the operation runs, sleeps until a signal (S), or sleeps (D)."""
    file: str | None = None
    """The name of the file; null if it has none."""
    ino: int | None = None
    """The inode of an operation, a pin, a mapping, a lock or an entry."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name; its locks and entries are named by #ino."""


@dataclass(frozen=True, kw_only=True)
class WaitGraphEdge:
    """Which node waits for which."""

    from_: str
    """The id of the node that waits."""
    to: str
    """The id of the node that it waits for."""
    because: str
    """Why the first waits for the second, in a few words."""
    _wire: ClassVar[dict[str, str]] = {
        "from_": "from",
    }


@dataclass(frozen=True, kw_only=True)
class Deadlock:
    """Operations that wait for each other in a circle."""

    nodes: list[str]
    """Operations, pages, locks, entries and pins."""
    explanation: str
    """The cycle in words."""
    steps: list[DeadlockStep]
    """What each operation holds and what it waits for, oldest first."""
    columns: str | None
    """The steps as text with one column for each operation, as lockdep prints them for two CPUs;
    null for more than 8 operations.
    """


@dataclass(frozen=True, kw_only=True)
class DeadlockStep:
    """What one operation of a deadlock holds or waits for."""

    operation: str
    """The id of the operation, `op_…`."""
    op: str
    """The name of the operation."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    does: Literal["holds", "wants"]
    """It holds the node, or waits for it."""
    node: str
    """A node of the wait graph: page:2, lock:a:i_rwsem, entry:a:0."""
    pin: str | None = None
    """The pin by which it holds the page."""
    mode: LockMode | None = None
    """Shared or exclusive."""
    since_ms: int | None
    """null for the lock of a mapping entry."""
    _wire: ClassVar[dict[str, str]] = {
        "since_ms": "sinceMs",
    }


@dataclass(frozen=True, kw_only=True)
class HungTasks:
    """A page of the list of operations that have been in state D for too long."""

    items: list[HungTask]
    """The entries of this page of the list."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class HungTask:
    """An operation that has been in state D for too long, as khungtaskd reports it."""

    operation: str
    """The id of the operation, `op_…`."""
    op: str
    """The name of the operation."""
    file: str | None
    """The name of the file; null if it has none."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    blocked_ms: int
    """How long it has slept, in milliseconds."""
    linux: list[str]
    """The lines that khungtaskd would print."""
    culprits: list[Culprit]
    """Operations at the end of the chain of waits, and their pins."""
    _wire: ClassVar[dict[str, str]] = {
        "blocked_ms": "blockedMs",
    }


@dataclass(frozen=True, kw_only=True)
class Culprit:
    """An operation at the end of a chain of waits, with the pins of its pages."""

    operation: str
    """The id of the operation, `op_…`."""
    op: str
    """The name of the operation."""
    file: str | None
    """The name of the file; null if it has none."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    state: TaskState
    """Whether the operation runs, sleeps until a signal (S), or sleeps (D)."""
    pins: list[CulpritPin]
    """Pins of its pages."""


@dataclass(frozen=True, kw_only=True)
class CulpritPin:
    """A pin that keeps a culprit asleep."""

    pin: str
    """The id of the pin, `pin_…`."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    kind: str
    """What holds the pages: a device, a system call or a driver."""
    ino: int
    """The inode number."""
    held_ms: int
    """How long it has been held, in milliseconds."""
    _wire: ClassVar[dict[str, str]] = {
        "held_ms": "heldMs",
    }


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The tasks that can take the next step, and where each of them leads."""

    choices: list[Choice]
    """In the order of the run queue, and the clock at the end."""
    cursor: str
    """The cursor of the event stream, `<epoch>.<seq>`."""
    commands: int
    """How many commands the filesystem has applied, each step counted; a fork counts on."""
    explored: Exploration | None = None
    """The search of explore=true."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A task that can take the next step of a stepped filesystem."""

    task: str
    """The id of an operation, kworker or timer."""
    next_step: str
    """The step that it would take; see docs/steps.md."""
    touches: str | None
    """What the step touches: `lock:a:invalidate_lock`, `page:17` or `entry:a:0` as in the wait
    graph, or `file:a`, or an id.
    """
    verdicts: list[Verdict] | None = None
    """What can come of this choice, with explore=true."""
    frees_under_pin: Literal[True] | None = None
    """In some orders a block is freed under a pin."""
    _wire: ClassVar[dict[str, str]] = {
        "next_step": "nextStep",
        "frees_under_pin": "freesUnderPin",
    }


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """How much of what can happen was explored."""

    states: int
    """How many states the search has found."""
    complete: bool
    """All states were seen."""
    why: str | None = None
    """Why not."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story: its text, its calls, and a way to each of its endings."""

    id: str
    """S01 to S32, as in docs/scenarios.md."""
    title: str
    """A name for it."""
    text: str
    """What happens, in plain English."""
    strategies: dict[str, list[str]]
    """What can happen under each strategy, in all orders of the steps: completes, deadlock, hangs,
    starves, frees under the pin. See docs/explored.md.
    """
    questions: list[str]
    """To ask a class before the answer is shown."""
    filesystem: StoryFilesystem
    """The arguments of mkfs, without name and strategy."""
    setup: list[StoryCommand]
    """The calls that were made before the story begins."""
    commands: list[StoryCommand]
    """The calls of the story, which the player makes, one thread after another."""
    requests: list[StoryRequest]
    """The calls of `commands` as requests."""
    prepared: int
    """How many commands prepare the filesystem: those of `setup` and the steps of their tasks.
    `commands` of GET …/choices counts on from here.
    """
    threads: list[StoryThread]
    """A thread makes its next call when the one before has ended."""
    told: ToldVerdict
    """Which way `steps` tells."""
    steps: list[StoryStep]
    """The moves of that way, from the beginning of the story."""
    ways: dict[str, dict[str, StoryWay]]
    """By strategy and verdict, a shortest way that shows it."""


@dataclass(frozen=True, kw_only=True)
class StoryRequest:
    """The call as a request."""

    method: str
    """The method."""
    path: str
    """Below /v1/filesystems/{fs}, escaped."""
    query: dict[str, str]
    """The query."""
    json: dict[str, Any] | None = None
    """The body. Not if the call has `data` or no body."""


@dataclass(frozen=True, kw_only=True)
class StoryThread:
    """A thread of a story, and the calls that it makes."""

    owner: str
    """Who makes the calls."""
    commands: list[int]
    """The places of its calls in `commands`."""
    loops: bool
    """It begins again after the last."""


@dataclass(frozen=True, kw_only=True)
class ToldVerdict:
    """A way that is told step by step."""

    strategy: str
    """A key of `strategies`."""
    verdict: str
    """How it ends; `waits`: the first waits for a page, and all ends well."""


@dataclass(frozen=True, kw_only=True)
class StoryStep:
    """A step on a way through a story."""

    who: str
    """The owner of a thread, kworker, evict or timer."""
    call: int | None = None
    """The move begins this call: its place in `commands`."""
    submit: StoryCommand | None = None
    """The call, with the ids that it has on this way."""
    request: StoryRequest | None = None
    """The call as a request."""
    task: str | None = None
    """The move is a step of this task."""
    step: str | None = None
    """The name of the step."""
    touches: str | None = None
    """What the step touches."""
    text: str
    """The move in a sentence."""


@dataclass(frozen=True, kw_only=True)
class StoryWay:
    """The choices on the way to an ending of a story."""

    to: list[str]
    """Who moves, in this order."""
    round: list[str] | None = None
    """Moves that can be repeated for ever."""


@dataclass(frozen=True, kw_only=True)
class State:
    """One consistent snapshot of a filesystem."""

    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    filesystem: Filesystem | None = None
    """As GET of filesystem shows it."""
    files: list[File] | None = None
    """The records of the list files."""
    mappings: list[MmapResult] | None = None
    """The records of the list mappings."""
    pins: list[PinResult] | None = None
    """The records of the list pins."""
    operations: list[Operation] | None = None
    """Those that run or sleep, then the newest of those that have ended, in ascending order."""
    busy_extents: list[BusyExtent] | None = None
    """The records of the list busy-extents."""
    detached_extents: list[DetachedExtent] | None = None
    """The records of the list busy-extents."""
    wait_graph: StateWaitGraph | None = None
    """As GET of wait-graph shows it."""
    locks: list[Lock] | None = None
    """The records of the list locks."""
    waitqueues: StateWaitqueues | None = None
    """As GET of waitqueues shows it."""
    truncated: list[TruncatedPart]
    """Parts that have more than 1000 records. Empty if the snapshot is complete."""
    _wire: ClassVar[dict[str, str]] = {
        "busy_extents": "busyExtents",
        "detached_extents": "detachedExtents",
        "wait_graph": "waitGraph",
    }


@dataclass(frozen=True, kw_only=True)
class StateWaitGraph:
    """The wait graph in a snapshot."""

    nodes: list[WaitGraphNode]
    """Operations, pages, locks, entries and pins."""
    edges: list[WaitGraphEdge]
    """Edges: which node waits for which."""
    cycles: list[Deadlock]
    """Cycles of waits: deadlocks."""
    omitted: int
    """Sleepers that are not shown."""


@dataclass(frozen=True, kw_only=True)
class StateWaitqueues:
    """The waitqueues in a snapshot."""

    buckets: int
    """Buckets of the waitqueue hash table; a power of two."""
    keyed: bool
    """Whether a wake-up wakes only the sleepers of its page."""
    wakeups: int
    """Number of wake-ups."""
    spurious_wakeups: int
    """Wake-ups after which the sleeper found its page still in use."""
    bucket_collisions: int
    """Wake-ups of a sleeper for another page in the same bucket."""
    pages: list[PageBucket]
    """Sleepers on pages, by bucket."""
    entries: list[EntryBucket]
    """Sleepers on a locked entry of the page cache."""
    runnable: list[str]
    """Ids of tasks that can take a step."""
    _wire: ClassVar[dict[str, str]] = {
        "spurious_wakeups": "spuriousWakeups",
        "bucket_collisions": "bucketCollisions",
    }


@dataclass(frozen=True, kw_only=True)
class TruncatedPart:
    """A part of a snapshot that is too long to be shown whole."""

    part: Literal["filesystem", "files", "mappings", "pins", "operations", "busyExtents", "detachedExtents", "waitGraph", "locks", "waitqueues"]
    """The part that is cut."""
    shown: int
    """How many records it has here."""
    total: int
    """How many records there are."""
    list_: str
    """The URL of the list that has the others, each with its cursor."""
    _wire: ClassVar[dict[str, str]] = {
        "list_": "list",
    }


@dataclass(frozen=True, kw_only=True)
class LabPreset:
    """A workload that comes with the server, with its document."""

    name: str
    """The name."""
    about: str
    """One line."""
    source: str
    """Where the case is from."""
    text: str
    """The document in YAML."""


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A workload that runs under several strategies with many seeds, and its result."""

    id: str
    """`lab_…`."""
    state: LabState
    """Only operations in this state."""
    name: str
    """The name of the workload."""
    preset: str | None = None
    """The preset of which it was made."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    started_ms: int | None = None
    """When its first run began; absent while it is queued."""
    ended_ms: int | None = None
    """When it ended, in milliseconds since 1970; null until then."""
    strategies: list[str]
    """Strategies to choose from."""
    seeds: int
    """How many seeds."""
    progress: LabProgress
    """Runs that have ended, and all runs. A run is one seed under one strategy."""
    failure: LabFailure | None = None
    """Why it has no result; only of a failed lab."""
    digest: str | None = None
    """The digest of the result."""
    result: LabResult | None = None
    """Only of a lab that is done."""
    _wire: ClassVar[dict[str, str]] = {
        "created_ms": "createdMs",
        "started_ms": "startedMs",
        "ended_ms": "endedMs",
    }


@dataclass(frozen=True, kw_only=True)
class LabProgress:
    """How many runs of a lab have ended."""

    done: int
    """Runs that have ended."""
    total: int
    """All runs."""


@dataclass(frozen=True, kw_only=True)
class LabFailure:
    """Why a lab failed."""

    reason: Literal["events", "memory", "time", "law", "stuck", "crash", "size"]
    """The bound that a run reached: events, memory or time. `law`: a law of the machine broke.
    `crash`: the thread of a run ended. `size`: the result is too large.
    """
    detail: str
    """What happened, to what, and what can be done."""


@dataclass(frozen=True, kw_only=True)
class LabResult:
    """The figures of a lab under each strategy."""

    lab: int
    """The version of the lab. Another version may give other figures."""
    kernel: int
    """The version of the simulated kernel."""
    name: str
    """The name."""
    about: str | None = None
    """The line about it in the document."""
    workload: dict[str, Any]
    """The document as it was given."""
    seeds: list[int]
    """The seeds that were run."""
    notes: list[str]
    """Limits of the figures, for a reader."""
    strategies: list[LabStrategy]
    """A row for each strategy; with a sweep, those of its first point."""
    points: list[LabPoint] | None = None
    """With a sweep: the rows of every point."""
    digest: str
    """SHA-256 of the canonical JSON (RFC 8785) of all other fields of the result."""


@dataclass(frozen=True, kw_only=True)
class LabStrategy:
    """The figures of a workload under one strategy."""

    strategy: str
    """The name of the reclaim strategy and its options."""
    options: dict[str, Any]
    """JSON Schema of its own options."""
    refused: str | None = None
    """Why the filesystem cannot have this strategy. All numbers are null then."""
    changes: LabChanges
    """The callers: truncate, punch and the other operations that remove blocks."""
    others: LabOthers
    """The calls that wait behind a layout change."""
    space: LabSpace
    """Blocks that no file owned and nobody could use."""
    device: LabDevice
    """The owners of the pins."""
    deadlocks: int | None
    """Cycles of waits that were completed. Sum of the seeds."""
    hangs: int | None
    """Calls that wait for a page that nobody has pinned. Sum of the seeds."""
    starved: int | None
    """Calls that found another pinned page each time that they looked. Sum of the seeds."""
    scans: int | None
    """Scans of a range for pinned pages. Sum of the seeds."""
    wakeups: int | None
    """Tasks that were woken. Sum of the seeds."""
    spurious: int | None
    """Of these, tasks that were woken for the page of somebody else. Sum of the seeds."""
    findings: list[LabFinding]
    """The first of them."""
    figures: dict[str, LabFigure]
    """Every figure with its spread over the seeds."""
    seeds_with: dict[str, int]
    """In how many seeds there was a finding of each kind."""
    latency: dict[str, LabLatency]
    """Latencies of all seeds together, by operation, in microseconds."""
    held_back_series: list[float]
    """Blocks held back in equal parts of the measured time: the mean of all seeds."""
    _wire: ClassVar[dict[str, str]] = {
        "seeds_with": "seedsWith",
        "held_back_series": "heldBackSeries",
    }


@dataclass(frozen=True, kw_only=True)
class LabChanges:
    """The layout changes under one strategy: how many ended, and how long they took."""

    ended: int | None
    """Layout changes that succeeded. Sum of the seeds."""
    failed: int | None
    """Layout changes that failed. Sum of the seeds."""
    never_ended: int | None
    """Layout changes that wait for ever. Sum of the seeds."""
    latency_ms: LabChangesLatencyMs
    """How long the layout changes take, in milliseconds."""
    _wire: ClassVar[dict[str, str]] = {
        "never_ended": "neverEnded",
        "latency_ms": "latencyMs",
    }


@dataclass(frozen=True, kw_only=True)
class LabChangesLatencyMs:
    """How long layout changes take, in milliseconds."""

    p50: float | None
    """Half of the layout changes of a run take at most this long. Median of the seeds."""
    p90: float | None
    """90 % of the layout changes of a run take at most this long. Median of the seeds."""
    p99: float | None
    """99 % of the layout changes of a run take at most this long. Median of the seeds."""
    max: float | None
    """The longest layout change of a run. Median of the seeds."""
    null_because: dict[str, Literal["never", "none"]] | None = None
    """Why a latency is null."""
    _wire: ClassVar[dict[str, str]] = {
        "null_because": "nullBecause",
    }


@dataclass(frozen=True, kw_only=True)
class LabOthers:
    """What other calls waited."""

    blocked_ms: float | None
    """The time that all threads together waited for a lock or an entry. Median of the seeds."""
    longest_ms: float | None
    """The longest of these waits. Median of the seeds."""
    _wire: ClassVar[dict[str, str]] = {
        "blocked_ms": "blockedMs",
        "longest_ms": "longestMs",
    }


@dataclass(frozen=True, kw_only=True)
class LabSpace:
    """Blocks that no file owned and nobody could use."""

    peak_blocks: float | None
    """The most blocks at one time. Median of the seeds."""
    block_ms: float | None
    """The blocks times the time for which each was held back. Median of the seeds."""
    _wire: ClassVar[dict[str, str]] = {
        "peak_blocks": "peakBlocks",
        "block_ms": "blockMs",
    }


@dataclass(frozen=True, kw_only=True)
class LabDevice:
    """What happened to the pins of devices."""

    lost: int | None
    """Pages that a device wrote after no file owned the block. Sum of the seeds."""
    foreign: int | None
    """Pages of another file that a device overwrote. Sum of the seeds."""
    refused: int | None
    """Pins that were refused. Sum of the seeds."""


@dataclass(frozen=True, kw_only=True)
class LabFinding:
    """A deadlock, hang, starvation or foreign write that a run found."""

    number: int
    """Its number in this lab, for `findings/{number}/bundle`."""
    seed: int
    """Chooses which cache lines are lost."""
    kind: FindingKind
    """What holds the pages: a device, a system call or a driver."""
    entry: int
    """The command of the run at which it happens."""
    at_ms: float
    """Simulated time."""
    file: str | None
    """The name of the file; null if it has none."""
    text: str
    """The line that Linux would log."""
    _wire: ClassVar[dict[str, str]] = {
        "at_ms": "atMs",
    }


@dataclass(frozen=True, kw_only=True)
class LabFigure:
    """A figure of a strategy with its spread over the seeds."""

    median: float | Literal["never"] | Literal["-never"]
    """`never` is the figure of a call that waits for ever; it is above every number. In a
    difference, `-never` means that it waits for ever under the first strategy only.
    """
    q1: float | Literal["never"] | Literal["-never"]
    """The lower quartile of the seeds."""
    q3: float | Literal["never"] | Literal["-never"]
    """The upper quartile of the seeds."""
    low: float | Literal["never"] | Literal["-never"]
    """The lower end of the interval in which the median lies with 95 %."""
    high: float | Literal["never"] | Literal["-never"]
    """The upper end of that interval."""
    difference: FigureSpread | None = None
    """Of the differences to the first strategy, seed by seed."""
    seeds: int | None = None
    """In how many seeds the figure exists, if not in all."""


@dataclass(frozen=True, kw_only=True)
class FigureSpread:
    """The median of a figure with its spread over the seeds."""

    median: float | Literal["never"] | Literal["-never"]
    """`never` is the figure of a call that waits for ever; it is above every number. In a
    difference, `-never` means that it waits for ever under the first strategy only.
    """
    q1: float | Literal["never"] | Literal["-never"]
    """The lower quartile of the seeds."""
    q3: float | Literal["never"] | Literal["-never"]
    """The upper quartile of the seeds."""
    low: float | Literal["never"] | Literal["-never"]
    """The lower end of the interval in which the median lies with 95 %."""
    high: float | Literal["never"] | Literal["-never"]
    """The upper end of that interval."""


@dataclass(frozen=True, kw_only=True)
class LabLatency:
    """The latencies of one operation, of all seeds together."""

    ended: LabLatencyEnded
    """Calls that succeeded."""
    unfinished: LabLatencyEnded
    """Calls that were cut off by the end of their run, with the time so far."""
    failed: dict[str, int]
    """By errno."""
    never_ended: dict[str, int]
    """By reason; `unfinished` is one of them."""
    _wire: ClassVar[dict[str, str]] = {
        "never_ended": "neverEnded",
    }


@dataclass(frozen=True, kw_only=True)
class LabLatencyEnded:
    """A histogram of latencies in microseconds."""

    count: int
    """How many calls."""
    max: float
    """The longest, in microseconds."""
    sum: float
    """Of all, in microseconds."""
    buckets: list[int]
    """Buckets that are not empty, each as its number and its count. Numbers below 128 have a
    bucket each; above, each power of two has 128.
    """


@dataclass(frozen=True, kw_only=True)
class LabPoint:
    """The rows of one point of a sweep."""

    at: dict[str, Any]
    """The value at each path of the sweep."""
    strategies: list[LabStrategy]
    """Strategies to choose from."""


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A tenant, its quotas, and what it uses."""

    name: str
    """The name."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    quotas: Quotas
    """The quotas of the tenant, by name."""
    used: Quotas
    """The usage of the tenant, by name."""
    leaving: bool | None = None
    """True while the tenant is being deleted with force. Nobody can use it."""
    _wire: ClassVar[dict[str, str]] = {
        "created_ms": "createdMs",
    }


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """The quotas of a tenant."""

    filesystems: int
    """Number of filesystems."""
    bytes_: int
    """Number of bytes of all its devices."""
    blocks: int
    """Number of blocks of 4 KiB that its files own."""
    files: int
    """Number of files."""
    mappings: int
    """Number of mappings."""
    pins: int
    """Number of pins."""
    sleepers: int
    """Number of sleeping operations."""
    labs: int
    """Number of labs that wait or run."""
    labs_kept: int
    """Number of ended labs that stay readable; the oldest go first."""
    lab_commands: int
    """Number of operations that one run of a lab makes."""
    memory: int
    """Number of bytes of memory that the server holds for it."""
    _wire: ClassVar[dict[str, str]] = {
        "bytes_": "bytes",
        "labs_kept": "labsKept",
        "lab_commands": "labCommands",
    }


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of docs/spec.md."""

    id: str
    """The id."""
    section: str
    """The part of docs/spec.md that the rule stands in."""
    text: str
    """The rule, in English. Identifiers stand in backticks."""
    source: str | None = None
    """The code of Linux, or the standard, that the rule mirrors, if its text names one."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """Where everything is."""

    name: str
    """The name."""
    version: str
    """The version of the server."""
    links: IndexLinks
    """Paths on this server."""
    token_needed: bool
    """Whether the API needs a token. If not, callers without one are the tenant `default`."""
    _wire: ClassVar[dict[str, str]] = {
        "token_needed": "tokenNeeded",
    }


@dataclass(frozen=True, kw_only=True)
class IndexLinks:
    """Paths of the server."""

    api: str
    """What the server can do, and who the caller is."""
    openapi: str
    """Every route of the API."""
    asyncapi: str
    """The event streams."""
    metrics: str
    """For Prometheus."""
    ready: str
    """The readiness check."""
    page: str
    """The page, for a browser."""
    docs: str
    """The docs, for a browser."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What the server can do, its limits, and who the caller is."""

    name: str
    """The name."""
    version: str
    """The version of the server."""
    durability: Literal["memory", "disk", "engine"]
    """Whether acknowledged work is in a database (engine), on disk, or in memory only."""
    kinds: list[str]
    """Kinds of filesystems that can be simulated."""
    kernels: list[str]
    """Versions of Linux that can be simulated."""
    strategies: list[StrategyDescription]
    """Strategies to choose from."""
    limits: dict[str, float]
    """The limits of the server, by the names of their settings."""
    tenant: Caller | None
    """The tenant of the caller; null for the operator token, which has none."""
    scopes: list[Literal["read", "write", "operator"]]
    """What the caller may do. Without `write` every call that changes something is refused; with
    `operator` the caller may manage tenants and tokens.
    """
    token: CallerToken | None
    """The token of the call; null without one."""
    token_needed: bool
    """Whether the API needs a token. If not, callers without one are the tenant `default`."""
    _wire: ClassVar[dict[str, str]] = {
        "token_needed": "tokenNeeded",
    }


@dataclass(frozen=True, kw_only=True)
class StrategyDescription:
    """A reclaim strategy that a filesystem can have."""

    name: str
    """The name."""
    summary: str
    """A description in one line."""
    doc: str
    """What it does."""
    options: dict[str, Any]
    """JSON Schema of its own options."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The tenant of the caller."""

    name: str
    """The name."""
    quotas: dict[str, QuotaUsage]
    """The quotas of the tenant."""


@dataclass(frozen=True, kw_only=True)
class QuotaUsage:
    """The limit of a quota, and how much of it is used."""

    limit: int
    """The limit of the quota."""
    used: int
    """What the tenant uses."""


@dataclass(frozen=True, kw_only=True)
class CallerToken:
    """The token of the caller."""

    id: str
    """The id under which the operator can revoke the token."""
    expires_ms: int | None
    """Null if it never expires."""
    _wire: ClassVar[dict[str, str]] = {
        "expires_ms": "expiresMs",
    }


@dataclass(frozen=True, kw_only=True)
class Filesystems:
    """A page of the list of filesystems."""

    items: list[Filesystem]
    """The entries of this page of the list."""
    stopped: list[StoppedFilesystem]
    """The filesystems of this page that have stopped."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    cursor: str
    """The position in the event stream at which the answer was true. The events after it, read
    with `from`, are exactly those that the answer does not show yet.
    """
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class StoppedFilesystem:
    """A filesystem that could not be recovered, and why."""

    name: str
    """The name."""
    kind: str
    """The kind of filesystem that is simulated."""
    size_bytes: int
    """Size, in bytes."""
    detail: str
    """Why it stopped, and what the operator can do."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
    }


@dataclass(frozen=True, kw_only=True)
class UmountResult:
    """The filesystem that was removed."""

    name: str
    """The name."""
    forced: bool
    """Whether it was removed although it had mappings, pins or running operations."""


@dataclass(frozen=True, kw_only=True)
class ClockAdvanceResult:
    """The time of the filesystem after the advance."""

    now_ms: int
    """The time of the filesystem, in milliseconds since 1970."""
    _wire: ClassVar[dict[str, str]] = {
        "now_ms": "nowMs",
    }


@dataclass(frozen=True, kw_only=True)
class SyncResult:
    """What the flush wrote to the medium."""

    lines_flushed: int
    """Cache lines that were flushed."""
    _wire: ClassVar[dict[str, str]] = {
        "lines_flushed": "linesFlushed",
    }


@dataclass(frozen=True, kw_only=True)
class PowerCycleResult:
    """What the power failure took."""

    lines_dirty: int
    """Cache lines that were not flushed when the power failed."""
    lines_lost: int
    """Lines that lost at least one word that was stored."""
    pins_dropped: int
    """Pins that the power cycle released."""
    mappings_dropped: int
    """Mappings that the power cycle ended."""
    operations_ended: int
    """Operations that the power cycle ended."""
    blocks_freed: int
    """Blocks that became free."""
    _wire: ClassVar[dict[str, str]] = {
        "lines_dirty": "linesDirty",
        "lines_lost": "linesLost",
        "pins_dropped": "pinsDropped",
        "mappings_dropped": "mappingsDropped",
        "operations_ended": "operationsEnded",
        "blocks_freed": "blocksFreed",
    }


@dataclass(frozen=True, kw_only=True)
class PoisonResult:
    """The media errors that were injected."""

    block: int
    """The number of a block of 4 KiB on the device."""
    count: int
    """Number of blocks."""
    pages_unmapped: int
    """Pages that were removed from page tables."""
    _wire: ClassVar[dict[str, str]] = {
        "pages_unmapped": "pagesUnmapped",
    }


@dataclass(frozen=True, kw_only=True)
class UnpoisonResult:
    """How many blocks are no longer poisoned."""

    blocks_cleared: int
    """Blocks that are no longer poisoned."""
    _wire: ClassVar[dict[str, str]] = {
        "blocks_cleared": "blocksCleared",
    }


@dataclass(frozen=True, kw_only=True)
class RenameResult:
    """The file under its new name, and the file that it replaced."""

    name: str
    """The name."""
    ino: int
    """The inode number."""
    generation: int
    """Tells apart two files that had the same inode number."""
    size_bytes: int
    """Size, in bytes."""
    blocks512: int
    """st_blocks: what the file owns, in units of 512 bytes."""
    extents: int
    """Number of extents."""
    nlink: int
    """Names of the file: 1, or 0 after unlink."""
    mappings: int
    """Number of mappings."""
    etag: str
    """The ETag of the file."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    modified_ms: int
    """When the content was last changed, in milliseconds since 1970."""
    replaced: ReplacedFile | None = None
    """The file that had the new name, and what happened to its blocks."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "created_ms": "createdMs",
        "modified_ms": "modifiedMs",
    }


@dataclass(frozen=True, kw_only=True)
class ReplacedFile:
    """The file whose name was taken, and what became of its blocks."""

    ino: int
    """The inode number."""
    blocks_freed: int
    """Blocks that became free."""
    blocks_busy: int
    """Blocks that were freed but cannot be used again before their pins are released."""
    blocks_detached: int
    """Blocks that left their file and wait for their pins."""
    _wire: ClassVar[dict[str, str]] = {
        "blocks_freed": "blocksFreed",
        "blocks_busy": "blocksBusy",
        "blocks_detached": "blocksDetached",
    }


@dataclass(frozen=True, kw_only=True)
class BlocksResult:
    """The size of the file after the operation, and what became of its blocks."""

    size_bytes: int
    """Size of the file after the operation."""
    blocks_freed: int
    """Blocks that left the file and are free."""
    blocks_busy: int
    """Blocks that left the file and stay on the busy list until their last put."""
    blocks_detached: int
    """Blocks that left the file and wait for the reaper, because a signal ended the wait."""
    scans: int
    """How often the range was scanned for busy pages."""
    wakeups: int
    """How often the operation was woken."""
    slept_ms: int
    """How long it slept on pages and locks, in milliseconds."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "blocks_freed": "blocksFreed",
        "blocks_busy": "blocksBusy",
        "blocks_detached": "blocksDetached",
        "slept_ms": "sleptMs",
    }


@dataclass(frozen=True, kw_only=True)
class WriteResult:
    """How much was written, and the size of the file after it."""

    size_bytes: int
    """Size, in bytes."""
    blocks_freed: int | None = None
    """Blocks that left the file and are free."""
    blocks_busy: int | None = None
    """Blocks that left the file and stay on the busy list until their last put."""
    blocks_detached: int | None = None
    """Blocks that left the file and wait for the reaper, because a signal ended the wait."""
    scans: int | None = None
    """How often the range was scanned for busy pages."""
    wakeups: int | None = None
    """How often the operation was woken."""
    slept_ms: int | None = None
    """How long it slept on pages and locks, in milliseconds."""
    bytes_written: int
    """Bytes that were written."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "blocks_freed": "blocksFreed",
        "blocks_busy": "blocksBusy",
        "blocks_detached": "blocksDetached",
        "slept_ms": "sleptMs",
        "bytes_written": "bytesWritten",
    }


@dataclass(frozen=True, kw_only=True)
class ExchangeRangeResult:
    """What was exchanged."""

    size_bytes: int
    """Size, in bytes."""
    with_size_bytes: int
    """Size of the other file, in bytes."""
    scans: int
    """How often a file was scanned for busy pages."""
    retries: int
    """How often the second file was busy, and everything started over."""
    wakeups: int
    """Number of wake-ups."""
    slept_ms: int
    """How long it slept or spun, in milliseconds."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "with_size_bytes": "withSizeBytes",
        "slept_ms": "sleptMs",
    }


@dataclass(frozen=True, kw_only=True)
class SeekResult:
    """Where the next data or the next hole begins."""

    offset: int
    """The first byte of the range."""


@dataclass(frozen=True, kw_only=True)
class FiemapResult:
    """The extents of a file as the ioctl FIEMAP gives them."""

    extents: list[FiemapExtent]
    """Runs of blocks."""


@dataclass(frozen=True, kw_only=True)
class FiemapExtent:
    """An extent as the ioctl FIEMAP gives it."""

    fe_logical: int
    """fe_logical of FIEMAP, in bytes."""
    fe_physical: int
    """fe_physical of FIEMAP, in bytes."""
    fe_length: int
    """fe_length of FIEMAP, in bytes."""
    fe_flags: int
    """fe_flags of FIEMAP."""


@dataclass(frozen=True, kw_only=True)
class MmapResult:
    """The new mapping."""

    id: str
    """The id."""
    file: str | None
    """The name of the file; null if it has none."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    offset: int
    """First byte of the file that is mapped."""
    length: int
    """Whole pages."""
    access: MappingAccess
    """What the mapping or the pin allows: reads, or writes as well."""
    shared: bool
    """MAP_SHARED; a private mapping copies pages that it writes."""
    sync: bool
    """MAP_SYNC."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    pages_present: int
    """Pages that have a page-table entry, including the zero page."""
    pmds_present: int
    """Entries of 2 MiB; their pages count in pagesPresent."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    _wire: ClassVar[dict[str, str]] = {
        "pages_present": "pagesPresent",
        "pmds_present": "pmdsPresent",
        "created_ms": "createdMs",
    }


@dataclass(frozen=True, kw_only=True)
class MunmapResult:
    """What the removal of the mapping did."""

    pages_unmapped: int
    """Pages that were removed from page tables."""
    blocks_freed: int
    """Blocks that became free."""
    blocks_busy: int
    """Blocks that were freed but cannot be used again before their pins are released."""
    blocks_detached: int
    """Blocks that left their file and wait for their pins."""
    _wire: ClassVar[dict[str, str]] = {
        "pages_unmapped": "pagesUnmapped",
        "blocks_freed": "blocksFreed",
        "blocks_busy": "blocksBusy",
        "blocks_detached": "blocksDetached",
    }


@dataclass(frozen=True, kw_only=True)
class FaultResult:
    """The pages of the range after the fault."""

    pages: list[FaultedPage]
    """The pages of the range after the fault."""
    pages_omitted: int | None = None
    """Pages that were faulted in and are not listed here; see the page table of the mapping."""
    _wire: ClassVar[dict[str, str]] = {
        "pages_omitted": "pagesOmitted",
    }


@dataclass(frozen=True, kw_only=True)
class FaultedPage:
    """A page of a mapping after a fault."""

    pgoff: int
    """Page offset in the file."""
    pfn: int | None
    """Page frame number on the device; null where there is no page."""
    zero_page: bool
    """Whether the entry maps the zero page of a hole."""
    copied: bool
    """The page is a private copy."""
    size_bytes: int
    """Size of the page-table entry: 4096, or 2097152 if it maps the 2 MiB around the page."""
    _wire: ClassVar[dict[str, str]] = {
        "zero_page": "zeroPage",
        "size_bytes": "sizeBytes",
    }


@dataclass(frozen=True, kw_only=True)
class StoreResult:
    """How much was stored."""

    bytes_stored: int
    """Bytes that were stored."""
    _wire: ClassVar[dict[str, str]] = {
        "bytes_stored": "bytesStored",
    }


@dataclass(frozen=True, kw_only=True)
class FlushResult:
    """What the flush wrote to the medium."""

    lines_flushed: int
    """64-byte lines that were dirty."""
    _wire: ClassVar[dict[str, str]] = {
        "lines_flushed": "linesFlushed",
    }


@dataclass(frozen=True, kw_only=True)
class PinResult:
    """The new pin. It may hold fewer bytes than were asked for."""

    id: str
    """The id."""
    file: str | None
    """null if the file no longer exists."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    mapping: str
    """The id of the mapping, `map_…`."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    kind: str
    """What holds the pages: a device, a system call or a driver."""
    access: PageAccess
    """What the mapping or the pin allows: reads, or writes as well."""
    longterm: bool
    """FOLL_LONGTERM."""
    offset: int
    """Byte of the file at which the pinned range begins."""
    mapping_offset: int
    """Byte of the mapping at which the pinned range begins; addresses of its memory count from the
    same origin.
    """
    bytes_pinned: int
    """Bytes that the pin holds."""
    pages: list[PinnedPage]
    """The pinned pages."""
    pages_omitted: int | None = None
    """Pages that are not listed here; GET of the pin lists them page by page."""
    collecting: Literal[True] | None = None
    """get_user_pages still collects its pages, so no device can use it yet."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    held_ms: int
    """How long it has been held, in milliseconds."""
    until_ms: int | None
    """When the pin is released automatically, in milliseconds since 1970; 0 means never."""
    _wire: ClassVar[dict[str, str]] = {
        "mapping_offset": "mappingOffset",
        "bytes_pinned": "bytesPinned",
        "pages_omitted": "pagesOmitted",
        "created_ms": "createdMs",
        "held_ms": "heldMs",
        "until_ms": "untilMs",
    }


@dataclass(frozen=True, kw_only=True)
class UnpinResult:
    """How many pages were released."""

    id: str
    """The id."""
    pages_released: int
    """Pages that have no other pin."""
    held_ms: int
    """How long it has been held, in milliseconds."""
    _wire: ClassVar[dict[str, str]] = {
        "pages_released": "pagesReleased",
        "held_ms": "heldMs",
    }


@dataclass(frozen=True, kw_only=True)
class DmaWriteResult:
    """How much the device wrote, and whose pages it wrote to."""

    bytes_written: int
    """Bytes that were written."""
    pages_orphan: int
    """Written pages that the file no longer owns at that offset."""
    foreign: int | None = None
    """Orphan pages whose block another file owns, or the same file elsewhere."""
    victims: list[DmaVictim] | None = None
    """Who owns the orphan pages now, 256 runs at most; free pages are omitted."""
    victims_unknown: Literal[True] | None = None
    """There are too many extents to search, so owners may be missing."""
    _wire: ClassVar[dict[str, str]] = {
        "bytes_written": "bytesWritten",
        "pages_orphan": "pagesOrphan",
        "victims_unknown": "victimsUnknown",
    }


@dataclass(frozen=True, kw_only=True)
class DmaVictim:
    """Pages of another owner that the device wrote to."""

    ino: int
    """The inode that owns the frames now."""
    file: str
    """Its name, or its former name if it is unlinked."""
    unlinked: Literal[True] | None = None
    """It has no name any more."""
    pgoff: int
    """Page of the file."""
    pfn: int
    """Page frame of the device."""
    pages: int
    """Number of pages."""


@dataclass(frozen=True, kw_only=True)
class CancelResult:
    """Whether the signal reached the operation."""

    id: str
    """The id."""
    signalled: bool
    """Whether the signal reached the operation."""
    restart: bool
    """SA_RESTART: the operation begins again after the signal."""


@dataclass(frozen=True, kw_only=True)
class SchedulerStepResult:
    """The step that was taken, its events, and who can take the next one."""

    task: str | None
    """The id of the operation, `op_…`."""
    op: str | None
    """The name of the operation."""
    step: str | None
    """The current step; null if the operation has ended."""
    steps: int
    """How many steps were taken."""
    ended: Literal["step", "blocked", "deadlock", "done", "idle", "limit"]
    """Why no further step was taken: one step was asked for; what `until` names has happened;
    nobody can take a step that changes anything (idle); or a limit was reached, and the same
    request goes on.
    """
    events: list[Event]
    """The events of the steps, as in the event stream, with what happened in between."""
    events_omitted: int
    """Events that are not in the answer, because there were too many."""
    runnable: list[RunnableTask]
    """Who can take a step now."""
    cursor: str
    """The cursor of the event stream, `<epoch>.<seq>`."""
    _wire: ClassVar[dict[str, str]] = {
        "events_omitted": "eventsOmitted",
    }


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event as a CloudEvent (1.0, JSON)."""

    specversion: Literal["1.0"] = "1.0"
    """The version of CloudEvents."""
    id: str
    """`<epoch>.<seq>`, which is also the cursor after this event."""
    seq: int
    """Increases by one in each log."""
    epoch: str
    """A new epoch begins when the history of events does not continue."""
    source: str
    """`/v1/filesystems/{fs}`, or `/v1/labs/{lab}`."""
    subject: str | None = None
    """`files/{file}` with the name at that time, or `inodes/{ino}` if the file was already
    unlinked.
    """
    time: str
    """RFC 3339, by the clock of the filesystem; for a lab, by that of the server."""
    datacontenttype: Literal["application/json"] = "application/json"
    """The type of `data`."""
    operation: str | None = None
    """`op_…`: the operation that ran; absent for the release worker and the clock."""
    op: str | None = None
    """The name of that operation, such as punch-hole."""
    type: str
    """A type of /asyncapi.json."""
    data: dict[str, Any]
    """What the type defines."""


@dataclass(frozen=True, kw_only=True)
class RunnableTask:
    """A task that can take a step."""

    task: str
    """The id of an operation, kworker or timer."""
    next_step: str
    """The step that it would take; see docs/steps.md."""
    touches: str | None
    """What the step touches: `lock:a:invalidate_lock`, `page:17` or `entry:a:0` as in the wait
    graph, or `file:a`, or an id.
    """
    _wire: ClassVar[dict[str, str]] = {
        "next_step": "nextStep",
    }


@dataclass(frozen=True, kw_only=True)
class Stories:
    """The stories S01 to S32."""

    items: list[StorySummary]
    """In the order of their ids."""


@dataclass(frozen=True, kw_only=True)
class StorySummary:
    """A story in the list."""

    id: str
    """S01 to S32, as in docs/scenarios.md."""
    title: str
    """A name for it."""
    text: str
    """What happens, in plain English."""
    strategies: dict[str, list[str]]
    """What can happen under each strategy, in all orders of the steps: completes, deadlock, hangs,
    starves, frees under the pin. See docs/explored.md.
    """


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why an operation waits, who waits behind it, and what would end the wait."""

    operation: Operation
    """The id of the operation, `op_…`."""
    path: list[ExplanationEvent]
    """Events of the operation, oldest first."""
    behind: list[FollowingWaiter]
    """Operations that wait for this one."""
    released: Release | None
    """Pins that must be released so that the operation can end; null if no copy was run."""
    cycles: list[Deadlock]
    """The deadlocks that the operation is part of."""
    strategy: StrategyInForce
    """The name of the reclaim strategy and its options."""
    others: list[StrategyOutcome]
    """What would happen under the other strategies."""
    not_run: str | None
    """Why no copy of the machine was run; null if one was."""
    _wire: ClassVar[dict[str, str]] = {
        "not_run": "notRun",
    }


@dataclass(frozen=True, kw_only=True)
class ExplanationEvent:
    """An event on the way of the operation into its wait."""

    seq: int
    """The number of the event in its log."""
    time_ms: int
    """When it happened, in milliseconds since 1970."""
    type: str
    """The type of the event."""
    ino: int | None = None
    """The inode that it is about."""
    data: dict[str, Any]
    """What the event says; see /asyncapi.json."""
    _wire: ClassVar[dict[str, str]] = {
        "time_ms": "timeMs",
    }


@dataclass(frozen=True, kw_only=True)
class FollowingWaiter:
    """An operation that waits for the one that is explained."""

    operation: str
    """The id of the operation, `op_…`."""
    op: str
    """The name of the operation."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    file: str | None
    """The name of the file; null if it has none."""
    ino: int | None
    """The inode number."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""
    because: str
    """Why the first waits for the second, in a few words."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What must be released so that an operation can end."""

    pins: list[ReleasePin]
    """The pins."""
    mappings: list[ReleaseMapping]
    """Under the modern idle rule: mappings that must be removed."""
    signals: list[ReleaseSignal]
    """Operations that need a signal, because no release ends the wait."""
    order: list[ReleaseAction]
    """All of these, in the order in which they were tried."""
    enough: bool
    """The operation ends after these."""


@dataclass(frozen=True, kw_only=True)
class ReleasePin:
    """A pin that must be released."""

    pin: str
    """The id of the pin, `pin_…`."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    kind: str
    """What holds the pages: a device, a system call or a driver."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""


@dataclass(frozen=True, kw_only=True)
class ReleaseMapping:
    """A mapping that must be removed."""

    mapping: str
    """The id of the mapping, `map_…`."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    ino: int
    """The inode. Its former name may now belong to another file."""
    unlinked: Literal[True] | None = None
    """The inode no longer has a name."""


@dataclass(frozen=True, kw_only=True)
class ReleaseSignal:
    """An operation that must get a signal."""

    operation: str
    """The id of the operation, `op_…`."""
    op: str
    """The name of the operation."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""


@dataclass(frozen=True, kw_only=True)
class ReleaseAction:
    """An action that is a step towards the end of the wait."""

    do: Literal["unpin", "munmap", "cancel"]
    """The operation that does it."""
    id: str
    """The id."""


@dataclass(frozen=True, kw_only=True)
class StrategyOutcome:
    """How the same operation would have gone under another strategy."""

    strategy: str
    """The name of the strategy."""
    outcome: Literal["done", "failed", "cancelled", "sleeping", "running", "refused"]
    """How the operation would have ended, or in which state it would be."""
    errno: str | None = None
    """The error number of Linux."""
    sleeping_on: Any = None
    """What the operation sleeps on; null if it does not sleep."""
    result: Any = None
    """The result of an operation that succeeded; otherwise absent."""
    blocks_busy: int
    """Blocks that were freed but cannot be used again before their pins are released."""
    blocks_detached: int
    """Blocks that left their file and wait for their pins."""
    deadlocks: int
    """Cycles of waits."""
    warnings: int
    """Warnings of the simulated kernel."""
    _wire: ClassVar[dict[str, str]] = {
        "sleeping_on": "sleepingOn",
        "blocks_busy": "blocksBusy",
        "blocks_detached": "blocksDetached",
    }


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The object form of Chrome's trace format."""

    trace_events: list[TraceEvent]
    """Events of the trace."""
    display_time_unit: Literal["ms"] = "ms"
    """How Perfetto shows times."""
    _wire: ClassVar[dict[str, str]] = {
        "trace_events": "traceEvents",
        "display_time_unit": "displayTimeUnit",
    }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The same commands under each strategy."""

    strategies: list[StrategyComparison]
    """Strategies to choose from."""


@dataclass(frozen=True, kw_only=True)
class StrategyComparison:
    """What happened under one strategy."""

    strategy: str
    """The name of the reclaim strategy and its options."""
    options: dict[str, Any]
    """The options in force."""
    refused: StrategyRefusal | None = None
    """The filesystem cannot have this strategy; nothing was played."""
    operations: list[ComparedOperation]
    """Those that slept at the beginning, then one for each command."""
    deadlocks: int
    """Cycles of waits that were completed."""
    hangs: int
    """Operations and evictions that sleep at the end with `stuck: hangs`."""
    blocks_held_back: BlocksHeldBack
    """Blocks that had left their file and could not be allocated yet, busy or detached: the most
    at one time, and their sum over time.
    """
    freed_under_pin: int
    """Blocks that were freed, moved or zeroed although a device had them pinned."""
    dma_lost: int
    """Pages that a device wrote after no file owned their block any more."""
    dma_foreign: int
    """Pages that a device wrote after their block belonged to another file or another offset."""
    _wire: ClassVar[dict[str, str]] = {
        "blocks_held_back": "blocksHeldBack",
        "freed_under_pin": "freedUnderPin",
        "dma_lost": "dmaLost",
        "dma_foreign": "dmaForeign",
    }


@dataclass(frozen=True, kw_only=True)
class StrategyRefusal:
    """Why a strategy cannot play the commands."""

    errno: str
    """The error number of Linux."""
    rule: str
    """The rule of docs/spec.md that applied."""
    detail: str
    """What happened, to what, and what can be done."""


@dataclass(frozen=True, kw_only=True)
class ComparedOperation:
    """How an operation of a comparison ended."""

    id: str
    """The same command has the same id in each strategy: the one that it had, or would have had,
    under the strategy that the filesystem was made with.
    """
    op: str
    """The name of the operation."""
    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    file: str | None
    """The file that the command names."""
    outcome: Literal["done", "failed", "cancelled", "sleeping", "running"]
    """`sleeping` and `running`: it had not ended after the last command."""
    errno: str | None = None
    """The error number of Linux."""
    stuck: Literal["deadlock", "hangs"] | None = None
    """`deadlock`: it is in a cycle of waits. `hangs`: it sleeps on a page that nobody has pinned,
    so no unpin wakes it.
    """
    slept_ms: int
    """How long it slept so far, in milliseconds."""
    blocked_by: list[ComparedBlocker]
    """Who blocked it directly, and for how long."""
    _wire: ClassVar[dict[str, str]] = {
        "slept_ms": "sleptMs",
        "blocked_by": "blockedBy",
    }


@dataclass(frozen=True, kw_only=True)
class ComparedBlocker:
    """What blocked an operation of a comparison, and for how long."""

    owner: str | None
    """The thread on whose behalf the request was made; null if none was given."""
    pin: str | None = None
    """The id of the pin, `pin_…`."""
    kind: str | None = None
    """The kind of the pin."""
    mapping: str | None = None
    """The id of the mapping, `map_…`."""
    operation: str | None = None
    """The id of the operation, `op_…`."""
    lock: str | None = None
    """The lock that `operation` holds or queues for first."""
    ms: int
    """How long it blocked the operation."""


@dataclass(frozen=True, kw_only=True)
class BlocksHeldBack:
    """How much space left its file and could not be allocated, and for how long."""

    peak: int
    """The most blocks at one time."""
    block_ms: int
    """Blocks times milliseconds."""
    _wire: ClassVar[dict[str, str]] = {
        "block_ms": "blockMs",
    }


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The nodes that share the filesystems."""

    nodes: list[ClusterNode]
    """Operations, pages, locks, entries and pins."""


@dataclass(frozen=True, kw_only=True)
class ClusterNode:
    """A process of the cluster."""

    id: str
    """Drawn when the process starts."""
    name: str
    """Its --node-id."""
    url: str | None
    """Where the other nodes and clients reach it."""
    release: str
    """The version of its program."""
    live: bool
    """False when it has given no sign for --lease-ms."""
    leaving: bool
    """It stops, and takes no more filesystems."""
    places: int
    """How many filesystems it owns."""


@dataclass(frozen=True, kw_only=True)
class Labs:
    """A page of the list of labs."""

    items: list[LabSummary]
    """The entries of this page of the list."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class LabPresets:
    """The workloads that come with the server."""

    items: list[LabPresetSummary]
    """The entries of this page of the list."""


@dataclass(frozen=True, kw_only=True)
class LabPresetSummary:
    """A workload that comes with the server."""

    name: str
    """The name."""
    about: str
    """One line."""
    source: str
    """Where the case is from."""


@dataclass(frozen=True, kw_only=True)
class LabSummary:
    """A lab without its result."""

    id: str
    """`lab_…`."""
    state: LabState
    """Only operations in this state."""
    name: str
    """The name of the workload."""
    preset: str | None = None
    """The preset of which it was made."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    started_ms: int | None = None
    """When its first run began; absent while it is queued."""
    ended_ms: int | None = None
    """When it ended, in milliseconds since 1970; null until then."""
    strategies: list[str]
    """Strategies to choose from."""
    seeds: int
    """How many seeds."""
    progress: LabProgress
    """Runs that have ended, and all runs. A run is one seed under one strategy."""
    failure: LabFailure | None = None
    """Why it has no result; only of a failed lab."""
    digest: str | None = None
    """The digest of the result."""
    _wire: ClassVar[dict[str, str]] = {
        "created_ms": "createdMs",
        "started_ms": "startedMs",
        "ended_ms": "endedMs",
    }


@dataclass(frozen=True, kw_only=True)
class Tenants:
    """A page of the list of tenants."""

    items: list[Tenant]
    """The entries of this page of the list."""
    next_page_token: str | None = None
    """The `pageToken` of the next page; absent on the last page."""
    _wire: ClassVar[dict[str, str]] = {
        "next_page_token": "nextPageToken",
    }


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The tokens of a tenant."""

    items: list[Token]
    """The entries of this page of the list."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token of a tenant, without its secret."""

    id: str
    """The id."""
    scopes: list[Literal["read", "write", "operator"]]
    """What the caller may do."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    expires_ms: int | None
    """When it expires, in milliseconds since 1970; null means never."""
    _wire: ClassVar[dict[str, str]] = {
        "created_ms": "createdMs",
        "expires_ms": "expiresMs",
    }


@dataclass(frozen=True, kw_only=True)
class IssuedToken:
    """A new token. Only this answer contains it."""

    id: str
    """The id."""
    scopes: list[Literal["read", "write", "operator"]]
    """What the caller may do."""
    created_ms: int
    """When it was created, in milliseconds since 1970."""
    expires_ms: int | None
    """When it expires, in milliseconds since 1970; null means never."""
    token: str
    """The token. Only this answer contains it."""
    _wire: ClassVar[dict[str, str]] = {
        "created_ms": "createdMs",
        "expires_ms": "expiresMs",
    }


@dataclass(frozen=True, kw_only=True)
class RevokeTokenResult:
    """The token that was revoked."""

    id: str
    """The id."""


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket for one event stream, which a browser puts into its URL."""

    ticket: str
    """The ticket. Only this answer contains it."""
    stream: str
    """The path of the event stream."""
    expires_ms: int
    """When it expires, in milliseconds since 1970; null means never."""
    _wire: ClassVar[dict[str, str]] = {
        "expires_ms": "expiresMs",
    }


@dataclass(frozen=True, kw_only=True)
class MetricsTarget:
    """Targets of one metrics path, as Prometheus reads them."""

    targets: list[str]
    """The host and port of the request."""
    labels: dict[str, str]
    """The path to scrape, and labels that say what it is about."""


@dataclass(frozen=True, kw_only=True)
class ProblemTypes:
    """Every type of problem."""

    items: list[ProblemType]
    """The entries of this page of the list."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Every rule of docs/spec.md."""

    items: list[Rule]
    """The entries of this page of the list."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """The state of the server, and its checks if `verbose` asks for them."""

    status: Literal["ok"] = "ok"
    """`ok`."""
    checks: list[HealthCheck] | None = None
    """What was checked, one by one."""


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """One check of the server."""

    name: str
    """The name."""
    ok: bool
    """Whether the check passed."""
    stopped: list[str] | None = None
    """Ids of the first 20 stopped filesystems, as used by `pinhole repair` and the log."""


@dataclass(frozen=True, kw_only=True)
class UmountCommand:
    """`umount` as a command."""

    op: Literal["umount"] = "umount"
    """The name of the operation."""
    on: dict[str, Any] | None = None
    """What the operation acts on."""
    args: UmountCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class UmountCommandArgs:
    """The arguments of `umount` in a command."""

    force: bool | None = None
    """Ends mappings, pins and sleeping operations, instead of failing with EBUSY."""


@dataclass(frozen=True, kw_only=True)
class SetStrategyCommand:
    """`set-strategy` as a command."""

    op: Literal["set-strategy"] = "set-strategy"
    """The name of the operation."""
    on: dict[str, Any] | None = None
    """What the operation acts on."""
    args: StrategyOptions | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class ClockAdvanceCommand:
    """`clock-advance` as a command."""

    op: Literal["clock-advance"] = "clock-advance"
    """The name of the operation."""
    on: dict[str, Any] | None = None
    """What the operation acts on."""
    args: ClockAdvanceCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class ClockAdvanceCommandArgs:
    """The arguments of `clock-advance` in a command."""

    ms: int
    """By how much, in milliseconds."""


@dataclass(frozen=True, kw_only=True)
class SchedulerStepCommand:
    """`scheduler-step` as a command."""

    op: Literal["scheduler-step"] = "scheduler-step"
    """The name of the operation."""
    on: dict[str, Any] | None = None
    """What the operation acts on."""
    args: SchedulerStepCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class SchedulerStepCommandArgs:
    """The arguments of `scheduler-step` in a command."""

    task: str | None = None
    """The id of the operation, `op_…`."""


@dataclass(frozen=True, kw_only=True)
class SyncCommand:
    """`sync` as a command."""

    op: Literal["sync"] = "sync"
    """The name of the operation."""
    on: dict[str, Any] | None = None
    """What the operation acts on."""
    args: dict[str, Any] | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class PowerCycleCommand:
    """`power-cycle` as a command."""

    op: Literal["power-cycle"] = "power-cycle"
    """The name of the operation."""
    on: dict[str, Any] | None = None
    """What the operation acts on."""
    args: PowerCycleCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class PowerCycleCommandArgs:
    """The arguments of `power-cycle` in a command."""

    drop: Literal["some", "all", "none"] | None = None
    """Which cache lines that were not flushed are lost: all, none, or some, chosen by seed."""
    seed: int | None = None
    """Chooses which cache lines are lost."""


@dataclass(frozen=True, kw_only=True)
class PoisonCommand:
    """`poison` as a command."""

    op: Literal["poison"] = "poison"
    """The name of the operation."""
    on: dict[str, Any] | None = None
    """What the operation acts on."""
    args: PoisonCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class PoisonCommandArgs:
    """The arguments of `poison` in a command."""

    block: int
    """First 512-byte block of the device."""
    count: int | None = None
    """Number of blocks."""


@dataclass(frozen=True, kw_only=True)
class UnpoisonCommand:
    """`unpoison` as a command."""

    op: Literal["unpoison"] = "unpoison"
    """The name of the operation."""
    on: dict[str, Any] | None = None
    """What the operation acts on."""
    args: PoisonCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class CreateCommand:
    """`create` as a command."""

    op: Literal["create"] = "create"
    """The name of the operation."""
    on: dict[str, Any] | None = None
    """What the operation acts on."""
    args: CreateCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class CreateCommandArgs:
    """The arguments of `create` in a command."""

    name: str
    """1 to 255 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; case
    matters.
    """
    size_bytes: int | None = None
    """Size, in bytes."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
    }


@dataclass(frozen=True, kw_only=True)
class RenameCommand:
    """`rename` as a command."""

    op: Literal["rename"] = "rename"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: RenameCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class OnFile:
    """The file on which a command acts."""

    file: str
    """The name of the file; null if it has none."""


@dataclass(frozen=True, kw_only=True)
class RenameCommandArgs:
    """The arguments of `rename` in a command."""

    name: str
    """1 to 255 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; case
    matters.
    """
    replace: bool | None = None
    """Replaces an existing file, like rename(2). Without it an existing name is EEXIST
    (RENAME_NOREPLACE).
    """


@dataclass(frozen=True, kw_only=True)
class UnlinkCommand:
    """`unlink` as a command."""

    op: Literal["unlink"] = "unlink"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: dict[str, Any] | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class ReadCommand:
    """`read` as a command."""

    op: Literal["read"] = "read"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: ReadCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class ReadCommandArgs:
    """The arguments of `read` in a command."""

    offset: int | None = None
    """The first byte of the range."""
    length: int | None = None
    """To the end of the file by default."""


@dataclass(frozen=True, kw_only=True)
class WriteCommand:
    """`write` as a command."""

    op: Literal["write"] = "write"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: WriteCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    data: str
    """The bytes, in base64."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class WriteCommandArgs:
    """The arguments of `write` in a command."""

    offset: int | None = None
    """The byte at which to write. Without it the body replaces the whole content."""


@dataclass(frozen=True, kw_only=True)
class TruncateCommand:
    """`truncate` as a command."""

    op: Literal["truncate"] = "truncate"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: TruncateCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class TruncateCommandArgs:
    """The arguments of `truncate` in a command."""

    size_bytes: int
    """The new size."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
    }


@dataclass(frozen=True, kw_only=True)
class PunchHoleCommand:
    """`punch-hole` as a command."""

    op: Literal["punch-hole"] = "punch-hole"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: ByteRange | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class AllocateCommand:
    """`allocate` as a command."""

    op: Literal["allocate"] = "allocate"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: AllocateCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class AllocateCommandArgs:
    """The arguments of `allocate` in a command."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    keep_size: bool | None = None
    """FALLOC_FL_KEEP_SIZE: the size of the file does not change, so blocks may lie beyond its end.
    """
    unshare: bool | None = None
    """UNSHARE_RANGE; EOPNOTSUPP on ext4."""
    _wire: ClassVar[dict[str, str]] = {
        "keep_size": "keepSize",
    }


@dataclass(frozen=True, kw_only=True)
class ZeroRangeCommand:
    """`zero-range` as a command."""

    op: Literal["zero-range"] = "zero-range"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: ZeroRangeCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class ZeroRangeCommandArgs:
    """The arguments of `zero-range` in a command."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    keep_size: bool | None = None
    """FALLOC_FL_KEEP_SIZE: the size of the file does not change."""
    _wire: ClassVar[dict[str, str]] = {
        "keep_size": "keepSize",
    }


@dataclass(frozen=True, kw_only=True)
class CollapseRangeCommand:
    """`collapse-range` as a command."""

    op: Literal["collapse-range"] = "collapse-range"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: ByteRange | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class InsertRangeCommand:
    """`insert-range` as a command."""

    op: Literal["insert-range"] = "insert-range"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: ByteRange | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class ExchangeRangeCommand:
    """`exchange-range` as a command."""

    op: Literal["exchange-range"] = "exchange-range"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: ExchangeRangeCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class ExchangeRangeCommandArgs:
    """The arguments of `exchange-range` in a command."""

    with_: str
    """The other file. It can be the same file if the two ranges do not overlap."""
    offset: int
    """The first byte of the range."""
    with_offset: int
    """The first byte of the range in the other file."""
    length: int
    """Length of the range, in bytes."""
    _wire: ClassVar[dict[str, str]] = {
        "with_": "with",
        "with_offset": "withOffset",
    }


@dataclass(frozen=True, kw_only=True)
class SeekCommand:
    """`seek` as a command."""

    op: Literal["seek"] = "seek"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: SeekCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class SeekCommandArgs:
    """The arguments of `seek` in a command."""

    whence: Literal["data", "hole"]
    """SEEK_DATA or SEEK_HOLE."""
    offset: int | None = None
    """The first byte of the range."""


@dataclass(frozen=True, kw_only=True)
class FiemapCommand:
    """`fiemap` as a command."""

    op: Literal["fiemap"] = "fiemap"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: FiemapCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class FiemapCommandArgs:
    """The arguments of `fiemap` in a command."""

    offset: int | None = None
    """The first byte of the range."""
    length: int | None = None
    """Length of the range, in bytes."""


@dataclass(frozen=True, kw_only=True)
class MmapCommand:
    """`mmap` as a command."""

    op: Literal["mmap"] = "mmap"
    """The name of the operation."""
    on: OnFile
    """What the operation acts on."""
    args: MmapCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class MmapCommandArgs:
    """The arguments of `mmap` in a command."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    access: MappingAccess
    """What the mapping or the pin allows: reads, or writes as well."""
    shared: bool | None = None
    """MAP_SHARED; a private mapping copies pages that it writes."""
    sync: bool | None = None
    """MAP_SYNC."""


@dataclass(frozen=True, kw_only=True)
class MunmapCommand:
    """`munmap` as a command."""

    op: Literal["munmap"] = "munmap"
    """The name of the operation."""
    on: OnMapping
    """What the operation acts on."""
    args: dict[str, Any] | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class OnMapping:
    """The mapping on which a command acts."""

    mapping: str
    """The id of the mapping, `map_…`."""


@dataclass(frozen=True, kw_only=True)
class FaultCommand:
    """`fault` as a command."""

    op: Literal["fault"] = "fault"
    """The name of the operation."""
    on: OnMapping
    """What the operation acts on."""
    args: FaultCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class FaultCommandArgs:
    """The arguments of `fault` in a command."""

    offset: int
    """In bytes from the start of the mapping."""
    length: int | None = None
    """Length of the range, in bytes."""
    access: PageAccess
    """What the mapping or the pin allows: reads, or writes as well."""


@dataclass(frozen=True, kw_only=True)
class LoadCommand:
    """`load` as a command."""

    op: Literal["load"] = "load"
    """The name of the operation."""
    on: OnMapping
    """What the operation acts on."""
    args: LoadCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class LoadCommandArgs:
    """The arguments of `load` in a command."""

    offset: int | None = None
    """In bytes from the start of the mapping."""
    length: int | None = None
    """To the end of the mapping by default."""


@dataclass(frozen=True, kw_only=True)
class StoreCommand:
    """`store` as a command."""

    op: Literal["store"] = "store"
    """The name of the operation."""
    on: OnMapping
    """What the operation acts on."""
    args: StoreCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    data: str
    """The bytes, in base64."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class StoreCommandArgs:
    """The arguments of `store` in a command."""

    offset: int | None = None
    """In bytes from the start of the mapping."""


@dataclass(frozen=True, kw_only=True)
class FlushCommand:
    """`flush` as a command."""

    op: Literal["flush"] = "flush"
    """The name of the operation."""
    on: OnMapping
    """What the operation acts on."""
    args: FlushCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class FlushCommandArgs:
    """The arguments of `flush` in a command."""

    offset: int | None = None
    """In bytes from the start of the mapping."""
    length: int | None = None
    """To the end of the mapping by default."""
    how: Literal["clwb", "msync"] | None = None
    """clwb: cache-line write-back and fence; or msync."""


@dataclass(frozen=True, kw_only=True)
class PinCommand:
    """`pin` as a command."""

    op: Literal["pin"] = "pin"
    """The name of the operation."""
    on: OnMapping
    """What the operation acts on."""
    args: PinCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class PinCommandArgs:
    """The arguments of `pin` in a command."""

    offset: int
    """In bytes from the start of the mapping."""
    length: int
    """Length of the range, in bytes."""
    access: PageAccess
    """write is FOLL_WRITE: the device will write to the pages."""
    longterm: bool | None = None
    """FOLL_LONGTERM: refused on fs-dax unless the strategy allows it. By default as the kind has
    it in Linux.
    """
    kind: PinKind | None = None
    """rdma, v4l2, vfio and io-uring pin with FOLL_LONGTERM; direct-io and vmsplice do not."""
    hwpoison: bool | None = None
    """FOLL_HWPOISON: a poisoned page is EHWPOISON instead of EFAULT."""
    hold_ms: int | None = None
    """Releases the pin automatically after this time."""
    _wire: ClassVar[dict[str, str]] = {
        "hold_ms": "holdMs",
    }


@dataclass(frozen=True, kw_only=True)
class UnpinCommand:
    """`unpin` as a command."""

    op: Literal["unpin"] = "unpin"
    """The name of the operation."""
    on: OnPin
    """What the operation acts on."""
    args: dict[str, Any] | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class OnPin:
    """The pin on which a command acts."""

    pin: str
    """The id of the pin, `pin_…`."""


@dataclass(frozen=True, kw_only=True)
class DmaReadCommand:
    """`dma-read` as a command."""

    op: Literal["dma-read"] = "dma-read"
    """The name of the operation."""
    on: OnPin
    """What the operation acts on."""
    args: DmaReadCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class DmaReadCommandArgs:
    """The arguments of `dma-read` in a command."""

    offset: int | None = None
    """In bytes from the start of the mapping through which the pages were pinned. By default the
    start of the pinned range.
    """
    length: int | None = None
    """To the end of the pinned range by default."""


@dataclass(frozen=True, kw_only=True)
class DmaWriteCommand:
    """`dma-write` as a command."""

    op: Literal["dma-write"] = "dma-write"
    """The name of the operation."""
    on: OnPin
    """What the operation acts on."""
    args: DmaWriteCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    data: str
    """The bytes, in base64."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class DmaWriteCommandArgs:
    """The arguments of `dma-write` in a command."""

    offset: int | None = None
    """In bytes from the start of the mapping through which the pages were pinned. By default the
    start of the pinned range.
    """


@dataclass(frozen=True, kw_only=True)
class CancelCommand:
    """`cancel` as a command."""

    op: Literal["cancel"] = "cancel"
    """The name of the operation."""
    on: OnOperation
    """What the operation acts on."""
    args: CancelCommandArgs | None = None
    """The arguments of the operation, as in the request."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    keep: bool | None = None
    """The record of the operation stays readable after its end."""
    if_match: str | list[str] | None = None
    """The ETags of If-Match, without quotes."""
    if_none_match: str | list[str] | None = None
    """The ETags of If-None-Match, without quotes."""
    _wire: ClassVar[dict[str, str]] = {
        "if_match": "ifMatch",
        "if_none_match": "ifNoneMatch",
    }


@dataclass(frozen=True, kw_only=True)
class OnOperation:
    """The operation on which a command acts."""

    operation: str
    """The id of the operation, `op_…`."""


@dataclass(frozen=True, kw_only=True)
class CancelCommandArgs:
    """The arguments of `cancel` in a command."""

    restart: bool | None = None
    """SA_RESTART: the operation begins again after the signal."""


@dataclass(frozen=True, kw_only=True)
class EmptyFilesystemArgs:
    """A new filesystem without files."""

    name: str
    """1 to 63 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; case
    matters.
    """
    size_bytes: int
    """Size, in bytes."""
    kind: FilesystemKind | None = None
    """The kind of filesystem to simulate."""
    kernel: KernelVersion | None = None
    """The version of Linux to simulate."""
    strategy: StrategyOptions | None = None
    """The name of a reclaim strategy and its own options; the strategy checks them."""
    waitqueue: WaitqueueArgs | None = None
    """How sleepers are found: one queue for each page, or buckets of a hash table."""
    clock: Clock | None = None
    """Whether time follows the clock of the server or moves only by clock/advance."""
    scheduler: Scheduler | None = None
    """Whether tasks run by themselves or only by scheduler/step."""
    persistence_domain: PersistenceDomain | None = None
    """adr loses cache lines that were not flushed at a power failure; eadr does not."""
    events: EventDetail | None = None
    """detailed adds the events lock.acquired and lock.released, and with a stepped scheduler
    task.step. The default is detailed for a stepped scheduler, otherwise standard.
    """
    extent_max_zeroout_kb: int | None = None
    """ext4 only: how much of an unwritten extent next to a write is zeroed and converted, in KiB.
    The default on Linux is 32.
    """
    folio_granularity: bool | None = None
    """One pin makes the whole 2 MiB folio busy, as since Linux 6.15. Otherwise each 4 KiB page
    counts separately.
    """
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "persistence_domain": "persistenceDomain",
        "extent_max_zeroout_kb": "extentMaxZerooutKb",
        "folio_granularity": "folioGranularity",
    }


@dataclass(frozen=True, kw_only=True)
class WaitqueueArgs:
    """How sleepers are to be found."""

    buckets: int | None = None
    """Buckets of the waitqueue hash table; a power of two."""
    keyed: bool | None = None
    """Whether a wake-up wakes only the sleepers of its page."""


@dataclass(frozen=True, kw_only=True)
class ForkArgs:
    """A new filesystem that begins with the state of another one."""

    name: str
    """1 to 63 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; case
    matters.
    """
    from_: Fork
    """The filesystem, and the moment of it. Without cursor and at: now."""
    clock: Clock | None = None
    """Default: that of the original."""
    scheduler: Scheduler | None = None
    """Default: that of the original."""
    strategy: StrategyOptions | None = None
    """The name of a reclaim strategy and its own options; the strategy checks them."""
    _wire: ClassVar[dict[str, str]] = {
        "from_": "from",
    }


@dataclass(frozen=True, kw_only=True)
class Fork:
    """A moment of a filesystem from which another one begins."""

    filesystem: str
    """1 to 63 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; case
    matters.
    """
    cursor: str | None = None
    """The state right after the command that caused this event."""
    at: Moment | None = None
    """A moment by what happened in it: an operation was submitted, slept for the first time, or
    ended; or the last deadlock. The fork has the state right after the command that caused it.
    If the fork is stepped and the original is not, an operation that was submitted has not
    taken its first step.
    """
    before: Literal[True] | None = None
    """The state right before the command of that moment: one step back."""


@dataclass(frozen=True, kw_only=True)
class OperationMoment:
    """A moment in the life of an operation."""

    operation: str
    """The id of the operation, `op_…`."""
    when: Literal["submitted", "blocked", "ended"]
    """It was submitted, slept for the first time, or ended."""


@dataclass(frozen=True, kw_only=True)
class DeadlockMoment:
    """The moment of the last deadlock."""

    deadlock: Literal["last"] = "last"
    """The newest event deadlock.detected that is kept."""


@dataclass(frozen=True, kw_only=True)
class StoryFilesystemArgs:
    """A new filesystem at the beginning of a story."""

    name: str
    """1 to 63 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; case
    matters.
    """
    story: str
    """The id of a story, see GET /v1/stories."""
    strategy: StrategyChoice | None = None
    """A strategy with its options, or the name of one of the strategies of the story. The default
    is that of the kind and the kernel.
    """
    kind: FilesystemKind | None = None
    """The kind of filesystem to simulate."""
    kernel: KernelVersion | None = None
    """The version of Linux to simulate."""
    waitqueue: WaitqueueArgs | None = None
    """How sleepers are found: one queue for each page, or buckets of a hash table."""
    folio_granularity: bool | None = None
    """Whether one pin makes the whole 2 MiB folio busy."""
    _wire: ClassVar[dict[str, str]] = {
        "folio_granularity": "folioGranularity",
    }


@dataclass(frozen=True, kw_only=True)
class ClockAdvanceArgs:
    """The body of `clock-advance`."""

    ms: int
    """By how much, in milliseconds."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""


@dataclass(frozen=True, kw_only=True)
class SyncArgs:
    """The body of `sync`."""

    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""


@dataclass(frozen=True, kw_only=True)
class PowerCycleArgs:
    """The body of `power-cycle`."""

    drop: Literal["some", "all", "none"] | None = None
    """Which cache lines that were not flushed are lost: all, none, or some, chosen by seed."""
    seed: int | None = None
    """Chooses which cache lines are lost."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""


@dataclass(frozen=True, kw_only=True)
class PoisonArgs:
    """The body of `poison`."""

    block: int
    """First 512-byte block of the device."""
    count: int | None = None
    """Number of blocks."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""


@dataclass(frozen=True, kw_only=True)
class CreateArgs:
    """The body of `create`."""

    name: str
    """1 to 255 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; case
    matters.
    """
    size_bytes: int | None = None
    """Size, in bytes."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
    }


@dataclass(frozen=True, kw_only=True)
class RenameArgs:
    """The body of `rename`."""

    name: str
    """1 to 255 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; case
    matters.
    """
    replace: bool | None = None
    """Replaces an existing file, like rename(2). Without it an existing name is EEXIST
    (RENAME_NOREPLACE).
    """
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class TruncateArgs:
    """The body of `truncate`."""

    size_bytes: int
    """The new size."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class PunchHoleArgs:
    """The body of `punch-hole`."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class AllocateArgs:
    """The body of `allocate`."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    keep_size: bool | None = None
    """FALLOC_FL_KEEP_SIZE: the size of the file does not change, so blocks may lie beyond its end.
    """
    unshare: bool | None = None
    """UNSHARE_RANGE; EOPNOTSUPP on ext4."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "keep_size": "keepSize",
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class ZeroRangeArgs:
    """The body of `zero-range`."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    keep_size: bool | None = None
    """FALLOC_FL_KEEP_SIZE: the size of the file does not change."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "keep_size": "keepSize",
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class CollapseRangeArgs:
    """The body of `collapse-range`."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class InsertRangeArgs:
    """The body of `insert-range`."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class ExchangeRangeArgs:
    """The body of `exchange-range`."""

    with_: str
    """The other file. It can be the same file if the two ranges do not overlap."""
    offset: int
    """The first byte of the range."""
    with_offset: int
    """The first byte of the range in the other file."""
    length: int
    """Length of the range, in bytes."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "with_": "with",
        "with_offset": "withOffset",
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class MmapArgs:
    """The body of `mmap`."""

    offset: int
    """The first byte of the range."""
    length: int
    """Length of the range, in bytes."""
    access: MappingAccess
    """What the mapping or the pin allows: reads, or writes as well."""
    shared: bool | None = None
    """MAP_SHARED; a private mapping copies pages that it writes."""
    sync: bool | None = None
    """MAP_SYNC."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""


@dataclass(frozen=True, kw_only=True)
class FaultArgs:
    """The body of `fault`."""

    offset: int
    """In bytes from the start of the mapping."""
    length: int | None = None
    """Length of the range, in bytes."""
    access: PageAccess
    """What the mapping or the pin allows: reads, or writes as well."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class FlushArgs:
    """The body of `flush`."""

    offset: int | None = None
    """In bytes from the start of the mapping."""
    length: int | None = None
    """To the end of the mapping by default."""
    how: Literal["clwb", "msync"] | None = None
    """clwb: cache-line write-back and fence; or msync."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class PinArgs:
    """The body of `pin`."""

    offset: int
    """In bytes from the start of the mapping."""
    length: int
    """Length of the range, in bytes."""
    access: PageAccess
    """write is FOLL_WRITE: the device will write to the pages."""
    longterm: bool | None = None
    """FOLL_LONGTERM: refused on fs-dax unless the strategy allows it. By default as the kind has
    it in Linux.
    """
    kind: PinKind | None = None
    """rdma, v4l2, vfio and io-uring pin with FOLL_LONGTERM; direct-io and vmsplice do not."""
    hwpoison: bool | None = None
    """FOLL_HWPOISON: a poisoned page is EHWPOISON instead of EFAULT."""
    hold_ms: int | None = None
    """Releases the pin automatically after this time."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    nowait: bool | None = None
    """Fails with EAGAIN instead of sleeping; nothing is changed."""
    timeout_ms: int | None = None
    """Sends a signal after this time, which ends an interruptible wait with EINTR."""
    fail_on_deadlock: bool | None = None
    """Fails with EDEADLK instead of sleeping in a deadlock."""
    _wire: ClassVar[dict[str, str]] = {
        "hold_ms": "holdMs",
        "timeout_ms": "timeoutMs",
        "fail_on_deadlock": "failOnDeadlock",
    }


@dataclass(frozen=True, kw_only=True)
class CancelArgs:
    """The body of `cancel`."""

    restart: bool | None = None
    """SA_RESTART: the operation begins again after the signal."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""


@dataclass(frozen=True, kw_only=True)
class SchedulerStepArgs:
    """The body of `scheduler-step`."""

    task: str | None = None
    """The id of the operation, `op_…`."""
    owner: str | None = None
    """The thread on whose behalf the request is made. It owns the pins and waits for the locks."""
    until: Literal["blocked", "deadlock", "done"] | None = None
    """Takes steps until an operation falls asleep, a deadlock is found, or all operations have
    ended. With `task` only that operation takes steps, and the walk ends when it sleeps or
    ends.
    """
    random: RandomSteps | None = None
    """Chooses the task of each step by chance. Not together with `task`."""


@dataclass(frozen=True, kw_only=True)
class RandomSteps:
    """Draws the next task at random, in an order that the seed gives."""

    seed: int
    """Chooses which cache lines are lost."""


@dataclass(frozen=True, kw_only=True)
class CompareCommandsArgs:
    """Commands to play under each strategy, and the filesystem to begin with."""

    mkfs: CompareMkfs | None = None
    """The filesystem on which the commands begin, as in POST /v1/filesystems; 1 MiB by default.
    Its clock moves only with the commands `clock-advance`.
    """
    commands: list[Command]
    """The commands in order. The time of `clock-advance` passes under each strategy."""
    strategies: list[StrategyChoice] | None = None
    """Names of strategies, or names with options as in PUT …/strategy. `all` stands for each
    strategy with the options that the kernel has by default. The names in the stories, such as
    `break-layouts classic`, are known too.
    """


@dataclass(frozen=True, kw_only=True)
class CompareMkfs:
    """The filesystem with which the commands begin."""

    name: str | None = None
    """1 to 63 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or .. alone; case
    matters.
    """
    size_bytes: int | None = None
    """Size, in bytes."""
    kind: FilesystemKind | None = None
    """The kind of filesystem to simulate."""
    kernel: KernelVersion | None = None
    """The version of Linux to simulate."""
    strategy: StrategyOptions | None = None
    """The name of a reclaim strategy and its own options; the strategy checks them."""
    waitqueue: WaitqueueArgs | None = None
    """How sleepers are found: one queue for each page, or buckets of a hash table."""
    clock: Clock | None = None
    """Whether time follows the clock of the server or moves only by clock/advance."""
    scheduler: Scheduler | None = None
    """Whether tasks run by themselves or only by scheduler/step."""
    persistence_domain: PersistenceDomain | None = None
    """adr loses cache lines that were not flushed at a power failure; eadr does not."""
    events: EventDetail | None = None
    """detailed adds the events lock.acquired and lock.released, and with a stepped scheduler
    task.step. The default is detailed for a stepped scheduler, otherwise standard.
    """
    extent_max_zeroout_kb: int | None = None
    """ext4 only: how much of an unwritten extent next to a write is zeroed and converted, in KiB.
    The default on Linux is 32.
    """
    folio_granularity: bool | None = None
    """One pin makes the whole 2 MiB folio busy, as since Linux 6.15. Otherwise each 4 KiB page
    counts separately.
    """
    _wire: ClassVar[dict[str, str]] = {
        "size_bytes": "sizeBytes",
        "persistence_domain": "persistenceDomain",
        "extent_max_zeroout_kb": "extentMaxZerooutKb",
        "folio_granularity": "folioGranularity",
    }


@dataclass(frozen=True, kw_only=True)
class CompareStoryArgs:
    """A story to play under each strategy."""

    story: str
    """The id of a story, such as S01; see GET /v1/stories."""
    strategies: list[str | StrategyOptions] | None = None
    """Names of strategies, or names with options as in PUT …/strategy. `all` stands for each
    strategy with the options that the kernel has by default. The names in the stories, such as
    `break-layouts classic`, are known too.
    """


@dataclass(frozen=True, kw_only=True)
class CompareBundleArgs:
    """A bundle to play under each strategy."""

    bundle: str
    """A bundle, in base64. Its commands are played on its beginning."""
    strategies: list[str | StrategyOptions] | None = None
    """Names of strategies, or names with options as in PUT …/strategy. `all` stands for each
    strategy with the options that the kernel has by default. The names in the stories, such as
    `break-layouts classic`, are known too.
    """


@dataclass(frozen=True, kw_only=True)
class CompareFilesystemArgs:
    """The body of `compare-filesystem`."""

    from_: str | None = None
    """Begins right after the command that caused this event; `oldest` is all that is kept."""
    strategies: list[str | StrategyOptions] | None = None
    """Names of strategies, or names with options as in PUT …/strategy. `all` stands for each
    strategy with the options that the kernel has by default. The names in the stories, such as
    `break-layouts classic`, are known too.
    """
    _wire: ClassVar[dict[str, str]] = {
        "from_": "from",
    }


@dataclass(frozen=True, kw_only=True)
class CreateLabArgs:
    """The body of `create-lab`."""

    preset: str | None = None
    """A workload of GET /v1/labs/presets."""
    workload: str | dict[str, Any] | None = None
    """A workload: an object, or a text in YAML or JSON. Mistakes in a text are reported with line
    and column. `pinhole lab schema` prints its JSON Schema.
    """
    strategies: list[str] | None = None
    """Names of strategies: break-layouts, busy-extents, wait-for-refs, detach-and-wait, refuse,
    none, break-layouts classic, break-layouts modern, break-layouts fixed, break-layouts range;
    or `all`, the six without an option, which is the default. The others are compared to the
    first one.
    """
    seeds: int | list[int] | None = None
    """How many seeds, from 1 on, or which ones. The default is 32."""
    sweep: dict[str, list[Any]] | None = None
    """One or two paths of the workload, each with its values; replaces its sweep."""


@dataclass(frozen=True, kw_only=True)
class CreateTenantArgs:
    """The body of `create-tenant`."""

    name: str
    """1 to 63 of a-z, 0-9, dot, dash and underscore; begins and ends with a letter or digit."""
    quotas: SetQuotasArgs | None = None
    """The quotas of the tenant."""


@dataclass(frozen=True, kw_only=True)
class SetQuotasArgs:
    """A quota that is left out keeps the default of the server, or its current value."""

    filesystems: int | None = None
    """Number of filesystems."""
    bytes_: int | None = None
    """Number of bytes of all its devices."""
    blocks: int | None = None
    """Number of blocks of 4 KiB that its files own."""
    files: int | None = None
    """Number of files."""
    mappings: int | None = None
    """Number of mappings."""
    pins: int | None = None
    """Number of pins."""
    sleepers: int | None = None
    """Number of sleeping operations."""
    labs: int | None = None
    """Number of labs that wait or run."""
    labs_kept: int | None = None
    """Number of ended labs that stay readable; the oldest go first."""
    lab_commands: int | None = None
    """Number of operations that one run of a lab makes."""
    memory: int | None = None
    """Number of bytes of memory that the server holds for it."""
    _wire: ClassVar[dict[str, str]] = {
        "bytes_": "bytes",
        "labs_kept": "labsKept",
        "lab_commands": "labCommands",
    }


@dataclass(frozen=True, kw_only=True)
class CreateTokenArgs:
    """The body of `create-token`."""

    scopes: list[Literal["read", "write"]] | None = None
    """What the caller may do."""
    expires_in_ms: int | None = None
    """Without it the token never expires."""
    _wire: ClassVar[dict[str, str]] = {
        "expires_in_ms": "expiresInMs",
    }


@dataclass(frozen=True, kw_only=True)
class CreateTicketArgs:
    """The body of `create-ticket`."""

    stream: str
    """`/v1/events`, or `/v1/filesystems/{fs}/events`."""

MetricsTargets = list[MetricsTarget]
"""The targets for the HTTP service discovery of Prometheus."""

Command = Union[
    UmountCommand,
    SetStrategyCommand,
    ClockAdvanceCommand,
    SchedulerStepCommand,
    SyncCommand,
    PowerCycleCommand,
    PoisonCommand,
    UnpoisonCommand,
    CreateCommand,
    RenameCommand,
    UnlinkCommand,
    ReadCommand,
    WriteCommand,
    TruncateCommand,
    PunchHoleCommand,
    AllocateCommand,
    ZeroRangeCommand,
    CollapseRangeCommand,
    InsertRangeCommand,
    ExchangeRangeCommand,
    SeekCommand,
    FiemapCommand,
    MmapCommand,
    MunmapCommand,
    FaultCommand,
    LoadCommand,
    StoreCommand,
    FlushCommand,
    PinCommand,
    UnpinCommand,
    DmaReadCommand,
    DmaWriteCommand,
    CancelCommand,
]
"""One operation as data, for scripts and comparisons."""

MkfsArgs = Union[
    EmptyFilesystemArgs,
    ForkArgs,
    StoryFilesystemArgs,
]
"""A new filesystem: empty, a fork of another one, or at the beginning of a story."""

Moment = Union[
    OperationMoment,
    DeadlockMoment,
]
"""A moment of a filesystem, by what happened in it."""

StrategyChoice = Union[
    str,
    StrategyOptions,
]
"""A reclaim strategy: its name, or its name with options."""

CompareArgs = Union[
    CompareCommandsArgs,
    CompareStoryArgs,
    CompareBundleArgs,
]
"""Commands, a story or a bundle to play, and the strategies to play them under."""
