"""The routes of the API. Written by clients/python/generate; do not edit."""

from __future__ import annotations

from typing import Any, Literal, Sequence, overload

from . import models
from .calls import Call, Caller, FilesystemCaller, Pending, Starter


class ServerOperations(Caller):
    """The routes that belong to no filesystem, or to all of them."""

    def index(self) -> models.Index:
        """Where everything is.

        Links to the API, its documents and the page. A browser is redirected to the page: a
        request whose Accept prefers text/html to application/json.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO.
        """
        return self._answer(
            Call[models.Index](
                "GET",
                (),
                models.Index,
            )
        )

    def capabilities(self) -> models.Capabilities:
        """What this server can do, and who is calling.

        The available kinds, kernels and strategies, the limits of this server, how durable a
        2xx answer is, and what the caller may do. Every token may ask, also that of the
        operator.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[models.Capabilities](
                "GET",
                ("v1",),
                models.Capabilities,
            )
        )

    @overload
    def mkfs(
        self,
        *,
        name: str,
        size_bytes: int,
        kind: models.FilesystemKind | None = None,
        kernel: models.KernelVersion | None = None,
        strategy: models.StrategyOptions | None = None,
        waitqueue: models.WaitqueueArgs | None = None,
        clock: models.Clock | None = None,
        scheduler: models.Scheduler | None = None,
        persistence_domain: models.PersistenceDomain | None = None,
        events: models.EventDetail | None = None,
        extent_max_zeroout_kb: int | None = None,
        folio_granularity: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.Filesystem:
        ...

    @overload
    def mkfs(
        self,
        *,
        name: str,
        from_: models.Fork,
        clock: models.Clock | None = None,
        scheduler: models.Scheduler | None = None,
        strategy: models.StrategyOptions | None = None,
        idempotency_key: str | None = None,
    ) -> models.Filesystem:
        ...

    @overload
    def mkfs(
        self,
        *,
        name: str,
        story: str,
        strategy: models.StrategyChoice | None = None,
        kind: models.FilesystemKind | None = None,
        kernel: models.KernelVersion | None = None,
        waitqueue: models.WaitqueueArgs | None = None,
        folio_granularity: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.Filesystem:
        ...

    def mkfs(
        self,
        *,
        name: str,
        size_bytes: int | None = None,
        kind: models.FilesystemKind | None = None,
        kernel: models.KernelVersion | None = None,
        strategy: models.StrategyOptions | models.StrategyChoice | None = None,
        waitqueue: models.WaitqueueArgs | None = None,
        clock: models.Clock | None = None,
        scheduler: models.Scheduler | None = None,
        persistence_domain: models.PersistenceDomain | None = None,
        events: models.EventDetail | None = None,
        extent_max_zeroout_kb: int | None = None,
        folio_granularity: bool | None = None,
        from_: models.Fork | None = None,
        story: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Filesystem:
        """Create a filesystem on a new simulated pmem namespace.

        Only name and sizeBytes are required. The default strategy is what the chosen kernel
        does for the chosen kind. With from, the new filesystem is a fork: it begins with the
        state that another filesystem has, or had right after the command of an event. With
        story it is stepped, has a manual clock, and stands at the beginning of a story. With a
        bundle as the body it has the past and the state of the bundle, if a replay gives what
        the bundle says.

        Args:
            name: 1 to 63 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or ..
                alone; case matters.
            size_bytes: Size, in bytes.
            kind: The kind of filesystem to simulate. Default: "xfs".
            kernel: The version of Linux to simulate. Default: "7.3".
            strategy: The name of a reclaim strategy and its own options; the strategy checks
                them.
            waitqueue: How sleepers are found: one queue for each page, or buckets of a hash
                table. Default: {"buckets":256,"keyed":true}.
            clock: Whether time follows the clock of the server or moves only by clock/advance.
                Default: "realtime".
            scheduler: Whether tasks run by themselves or only by scheduler/step. Default:
                "auto".
            persistence_domain: adr loses cache lines that were not flushed at a power failure;
                eadr does not. Default: "adr".
            events: detailed adds the events lock.acquired and lock.released, and with a stepped
                scheduler task.step. The default is detailed for a stepped scheduler, otherwise
                standard.
            extent_max_zeroout_kb: ext4 only: how much of an unwritten extent next to a write is
                zeroed and converted, in KiB. The default on Linux is 32. Default: 0.
            folio_granularity: One pin makes the whole 2 MiB folio busy, as since Linux 6.15.
                Otherwise each 4 KiB page counts separately. Default: false.
            from_: The filesystem, and the moment of it. Without cursor and at: now.
            story: The id of a story, see GET /v1/stories.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDQUOT, EEXIST,
                EFBIG, EINVAL, EIO, ENOENT, ENOSPC, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.Filesystem](
                "POST",
                ("v1", "filesystems"),
                models.Filesystem,
                headers={"Idempotency-Key": idempotency_key},
                json={
                    "name": name,
                    "sizeBytes": size_bytes,
                    "kind": kind,
                    "kernel": kernel,
                    "strategy": strategy,
                    "waitqueue": waitqueue,
                    "clock": clock,
                    "scheduler": scheduler,
                    "persistenceDomain": persistence_domain,
                    "events": events,
                    "extentMaxZerooutKb": extent_max_zeroout_kb,
                    "folioGranularity": folio_granularity,
                    "from": from_,
                    "story": story,
                },
            )
        )

    def mkfs_from_bundle(
        self,
        data: bytes,
        *,
        name: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Filesystem:
        """Create a filesystem on a new simulated pmem namespace.

        Only name and sizeBytes are required. The default strategy is what the chosen kernel
        does for the chosen kind. With from, the new filesystem is a fork: it begins with the
        state that another filesystem has, or had right after the command of an event. With
        story it is stepped, has a manual clock, and stands at the beginning of a story. With a
        bundle as the body it has the past and the state of the bundle, if a replay gives what
        the bundle says.

        Args:
            name: The name of the filesystem, if the body is a bundle; else it is in the body.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDQUOT, EEXIST,
                EFBIG, EINVAL, EIO, ENOENT, ENOSPC, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.Filesystem](
                "POST",
                ("v1", "filesystems"),
                models.Filesystem,
                query={"name": name},
                headers={"Idempotency-Key": idempotency_key},
                data=data,
                data_type="application/vnd.pinhole.bundle",
            )
        )

    def list_filesystems(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> models.Filesystems:
        """List the filesystems of the tenant.

        In the order of their creation. The cursor is one of the stream of the tenant,
        /v1/events. Filesystems that stopped have no state to show; `stopped` names those of
        this page.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[models.Filesystems](
                "GET",
                ("v1", "filesystems"),
                models.Filesystems,
                query={"pageSize": page_size, "pageToken": page_token},
            )
        )

    def list_stories(self) -> models.Stories:
        """The stories S01 to S32.

        Small races between a layout change and a pin, for a class. POST /v1/filesystems with
        {name, story} makes a filesystem at the beginning of one.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO.
        """
        return self._answer(
            Call[models.Stories](
                "GET",
                ("v1", "stories"),
                models.Stories,
            )
        )

    def get_story(
        self,
        story: str,
        *,
        strategy: Literal["busy-extents", "wait-for-refs", "detach-and-wait", "break-layouts classic", "break-layouts modern", "break-layouts fixed", "refuse", "none"] | None = None,
        verdict: Literal["completes", "deadlock", "hangs", "starves", "leaks", "frees under the pin", "waits"] | None = None,
    ) -> models.Story:
        """One story: its text, its calls, and a way to each of its endings.

        Without parameters `steps` tells what the story is about. With `strategy` it tells the
        worst that can happen under this strategy, and with `verdict` that ending.

        Args:
            strategy: A key of `strategies` of the story.
            verdict: One of its endings, or waits.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO.
        """
        return self._answer(
            Call[models.Story](
                "GET",
                ("v1", "stories", story),
                models.Story,
                query={"strategy": strategy, "verdict": verdict},
            )
        )

    @overload
    def compare(
        self,
        *,
        commands: Sequence[models.Command],
        mkfs: models.CompareMkfs | None = None,
        strategies: Sequence[models.StrategyChoice] | None = None,
        idempotency_key: str | None = None,
    ) -> models.Comparison:
        ...

    @overload
    def compare(
        self,
        *,
        story: str,
        strategies: Sequence[str | models.StrategyOptions] | None = None,
        idempotency_key: str | None = None,
    ) -> models.Comparison:
        ...

    @overload
    def compare(
        self,
        *,
        bundle: str,
        strategies: Sequence[str | models.StrategyOptions] | None = None,
        idempotency_key: str | None = None,
    ) -> models.Comparison:
        ...

    def compare(
        self,
        *,
        mkfs: models.CompareMkfs | None = None,
        commands: Sequence[models.Command] | None = None,
        strategies: Sequence[models.StrategyChoice] | Sequence[str | models.StrategyOptions] | None = None,
        story: str | None = None,
        bundle: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Comparison:
        """Play commands, a story or a bundle under each strategy.

        A table with a row for each strategy: how each operation ended, how long it slept and
        who blocked it, and what the strategy cost. A command on a mapping, a pin or an
        operation acts on what the same command has made under that strategy. If there is none,
        it fails like any command on something that does not exist, and the run continues. The
        comparison is made aside and changes nothing. It ends when the client closes the
        connection.

        Args:
            mkfs: The filesystem on which the commands begin, as in POST /v1/filesystems; 1 MiB
                by default. Its clock moves only with the commands `clock-advance`. Default: {}.
            commands: The commands in order. The time of `clock-advance` passes under each
                strategy.
            strategies: Names of strategies, or names with options as in PUT …/strategy. `all`
                stands for each strategy with the options that the kernel has by default. The
                names in the stories, such as `break-layouts classic`, are known too. Default:
                ["all"].
            story: The id of a story, such as S01; see GET /v1/stories.
            bundle: A bundle, in base64. Its commands are played on its beginning.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINTR, EINVAL, EIO, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.Comparison](
                "POST",
                ("v1", "compare"),
                models.Comparison,
                headers={"Idempotency-Key": idempotency_key},
                json={
                    "mkfs": mkfs,
                    "commands": commands,
                    "strategies": strategies,
                    "story": story,
                    "bundle": bundle,
                },
            )
        )

    def cluster(self) -> models.Cluster:
        """The nodes of the cluster.

        Each filesystem has one node that owns it. A request at another node is passed on; the
        header Pinhole-Node of the answer names the owner. A server without a cluster is the
        only node.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[models.Cluster](
                "GET",
                ("v1", "cluster"),
                models.Cluster,
            )
        )

    def create_lab(
        self,
        *,
        preset: str | None = None,
        workload: str | dict[str, Any] | None = None,
        strategies: Sequence[str] | None = None,
        seeds: int | Sequence[int] | None = None,
        sweep: dict[str, Sequence[Any]] | None = None,
        idempotency_key: str | None = None,
    ) -> models.Lab:
        """Run a workload under several strategies.

        The lab runs in threads of the server. The answer is 202 with its Location; with
        `Prefer: wait=n` it is 200 with the result if the lab ends in this time. All mistakes in
        the request are reported before anything runs. The same request gives the same result,
        byte for byte.

        Args:
            preset: A workload of GET /v1/labs/presets.
            workload: A workload: an object, or a text in YAML or JSON. Mistakes in a text are
                reported with line and column. `pinhole lab schema` prints its JSON Schema.
            strategies: Names of strategies: break-layouts, busy-extents, wait-for-refs,
                detach-and-wait, refuse, none, break-layouts classic, break-layouts modern,
                break-layouts fixed, break-layouts range; or `all`, the six without an option,
                which is the default. The others are compared to the first one.
            seeds: How many seeds, from 1 on, or which ones. The default is 32.
            sweep: One or two paths of the workload, each with its values; replaces its sweep.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENOSPC, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.Lab](
                "POST",
                ("v1", "labs"),
                models.Lab,
                headers={"Idempotency-Key": idempotency_key},
                json={
                    "preset": preset,
                    "workload": workload,
                    "strategies": strategies,
                    "seeds": seeds,
                    "sweep": sweep,
                },
            )
        )

    def list_labs(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> models.Labs:
        """List the labs.

        In the order of their creation, without their results. The oldest ended labs are removed
        when there are more than the quota labsKept.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[models.Labs](
                "GET",
                ("v1", "labs"),
                models.Labs,
                query={"pageSize": page_size, "pageToken": page_token},
            )
        )

    def list_lab_presets(self) -> models.LabPresets:
        """List the workloads that come with the lab.

        Each is a documented case with its source.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[models.LabPresets](
                "GET",
                ("v1", "labs", "presets"),
                models.LabPresets,
            )
        )

    def get_lab_preset(self, preset: str) -> models.LabPreset:
        """One of the workloads that come with the lab.

        To change it and run it.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.LabPreset](
                "GET",
                ("v1", "labs", "presets", preset),
                models.LabPreset,
            )
        )

    def get_lab(self, lab: str) -> models.Lab:
        """One lab, with its result.

        With `Prefer: wait=n` the answer waits until the lab has ended, or for n seconds.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EINVAL, EIO,
                ENOENT, ESTALE.
        """
        return self._answer(
            Call[models.Lab](
                "GET",
                ("v1", "labs", lab),
                models.Lab,
            )
        )

    def delete_lab(self, lab: str) -> models.LabSummary:
        """Cancel a lab, or remove one that has ended.

        A lab that waits or runs is cancelled: its runs end at once, and it stays readable. A
        lab that has ended is removed with its result; after that it is not found.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.LabSummary](
                "DELETE",
                ("v1", "labs", lab),
                models.LabSummary,
            )
        )

    def get_lab_csv(self, lab: str) -> str:
        """The figures of a lab as CSV.

        A line for each figure of each strategy, at each point of the sweep.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EINVAL, EIO,
                ENOENT, ESTALE.
        """
        return self._answer(
            Call[str](
                "GET",
                ("v1", "labs", lab, "result.csv"),
                str,
                accept="text/csv",
            )
        )

    def get_lab_finding(self, lab: str, finding: str) -> bytes:
        """A finding of a lab as a bundle.

        The machine shortly before a deadlock, hang, starvation or foreign write, and the
        commands up to that moment. POST /v1/filesystems?name=… with it opens a stepped
        filesystem that stands at the moment before. The note of the bundle says what happens
        next. The run is repeated up to there, which takes as long as the run did.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EFBIG, EINVAL,
                EIO, ENOENT, ESTALE.
        """
        return self._answer(
            Call[bytes](
                "GET",
                ("v1", "labs", lab, "findings", finding, "bundle"),
                bytes,
                accept="application/vnd.pinhole.bundle",
            )
        )

    def list_tenants(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> models.Tenants:
        """List the tenants.

        In the order of their creation, with their quotas and usage.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[models.Tenants](
                "GET",
                ("v1", "tenants"),
                models.Tenants,
                query={"pageSize": page_size, "pageToken": page_token},
            )
        )

    def create_tenant(
        self,
        *,
        name: str,
        quotas: models.SetQuotasArgs | None = None,
        idempotency_key: str | None = None,
    ) -> models.Tenant:
        """Create a tenant.

        The tenant needs a token before it can do anything.

        Args:
            name: 1 to 63 of a-z, 0-9, dot, dash and underscore; begins and ends with a letter
                or digit.
            quotas: The quotas of the tenant.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.Tenant](
                "POST",
                ("v1", "tenants"),
                models.Tenant,
                headers={"Idempotency-Key": idempotency_key},
                json={"name": name, "quotas": quotas},
            )
        )

    def get_tenant(self, tenant: str) -> models.Tenant:
        """One tenant.

        Its quotas and usage.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EINVAL, EIO, ENOENT, ESTALE.
        """
        return self._answer(
            Call[models.Tenant](
                "GET",
                ("v1", "tenants", tenant),
                models.Tenant,
            )
        )

    def delete_tenant(self, tenant: str, *, force: bool | None = None) -> models.Tenant:
        """Delete a tenant.

        Its tokens and stored answers are deleted, too. EBUSY while it has filesystems. With
        force these are unmounted with force, and all requests and event streams of the tenant
        end. A deletion with force that has begun is continued if the server restarts.

        Args:
            force: Also delete all filesystems of the tenant. Default: false.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EINVAL, EIO,
                ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.Tenant](
                "DELETE",
                ("v1", "tenants", tenant),
                models.Tenant,
                query={"force": force},
            )
        )

    def set_quotas(
        self,
        tenant: str,
        *,
        filesystems: int | None = None,
        bytes_: int | None = None,
        blocks: int | None = None,
        files: int | None = None,
        mappings: int | None = None,
        pins: int | None = None,
        sleepers: int | None = None,
        labs: int | None = None,
        labs_kept: int | None = None,
        lab_commands: int | None = None,
        memory: int | None = None,
    ) -> models.Tenant:
        """Change the quotas of a tenant.

        If a quota becomes smaller than the usage, nothing is removed.

        Args:
            filesystems: Number of filesystems.
            bytes_: Number of bytes of all its devices.
            blocks: Number of blocks of 4 KiB that its files own.
            files: Number of files.
            mappings: Number of mappings.
            pins: Number of pins.
            sleepers: Number of sleeping operations.
            labs: Number of labs that wait or run.
            labs_kept: Number of ended labs that stay readable; the oldest go first.
            lab_commands: Number of operations that one run of a lab makes.
            memory: Number of bytes of memory that the server holds for it.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EFBIG, EINVAL, EIO, ENOENT,
                ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.Tenant](
                "PUT",
                ("v1", "tenants", tenant, "quotas"),
                models.Tenant,
                json={
                    "filesystems": filesystems,
                    "bytes": bytes_,
                    "blocks": blocks,
                    "files": files,
                    "mappings": mappings,
                    "pins": pins,
                    "sleepers": sleepers,
                    "labs": labs,
                    "labsKept": labs_kept,
                    "labCommands": lab_commands,
                    "memory": memory,
                },
            )
        )

    def list_tokens(self, tenant: str) -> models.Tokens:
        """List the tokens of a tenant.

        The tokens themselves are not shown; they cannot be read again.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EINVAL, EIO, ENOENT, ESTALE.
        """
        return self._answer(
            Call[models.Tokens](
                "GET",
                ("v1", "tenants", tenant, "tokens"),
                models.Tokens,
            )
        )

    def create_token(
        self,
        tenant: str,
        *,
        scopes: Sequence[Literal["read", "write"]] | None = None,
        expires_in_ms: int | None = None,
        idempotency_key: str | None = None,
    ) -> models.IssuedToken:
        """Issue a token.

        Only this answer contains the token.

        Args:
            scopes: What the caller may do. Default: ["read","write"].
            expires_in_ms: Without it the token never expires.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.IssuedToken](
                "POST",
                ("v1", "tenants", tenant, "tokens"),
                models.IssuedToken,
                headers={"Idempotency-Key": idempotency_key},
                json={"scopes": scopes, "expiresInMs": expires_in_ms},
            )
        )

    def revoke_token(self, tenant: str, token: str) -> models.RevokeTokenResult:
        """Revoke a token.

        Takes effect at once.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EINVAL, EIO, ENOENT, ENOSPC,
                ESTALE.
        """
        return self._answer(
            Call[models.RevokeTokenResult](
                "DELETE",
                ("v1", "tenants", tenant, "tokens", token),
                models.RevokeTokenResult,
            )
        )

    def create_ticket(
        self,
        *,
        stream: str,
        idempotency_key: str | None = None,
    ) -> models.Ticket:
        """Get a ticket for an event stream.

        For browsers, which send no header with a WebSocket or an EventSource. Open the stream
        with `?ticket=` within 30 s. A ticket is valid once, for that stream, and for pages of
        the origin that got it. The stream ends when the token expires or is revoked.

        Args:
            stream: `/v1/events`, or `/v1/filesystems/{fs}/events`.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EEXIST, EFBIG, EINVAL,
                EIO, ESTALE.
        """
        return self._answer(
            Call[models.Ticket](
                "POST",
                ("v1", "tickets"),
                models.Ticket,
                headers={"Idempotency-Key": idempotency_key},
                json={"stream": stream},
            )
        )

    def metrics(self) -> str:
        """Metrics of the server.

        In the text format of Prometheus, or as OpenMetrics with exemplars if Accept asks for
        it.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO.
        """
        return self._answer(
            Call[str](
                "GET",
                ("metrics",),
                str,
                accept="text/plain",
            )
        )

    def tenant_metrics(self) -> str:
        """Metrics of the tenant.

        In the text format of Prometheus, or as OpenMetrics with exemplars if Accept asks for
        it.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[str](
                "GET",
                ("v1", "metrics"),
                str,
                accept="text/plain",
            )
        )

    def tenants_metrics(self) -> str:
        """Quotas of the tenants as metrics, for the operator.

        In the text format of Prometheus, or as OpenMetrics with exemplars if Accept asks for
        it.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[str](
                "GET",
                ("v1", "metrics", "tenants"),
                str,
                accept="text/plain",
            )
        )

    def tenant_filesystem_metrics(self, tenant: str, fs: str) -> str:
        """Metrics of one filesystem of a tenant, for the operator.

        In the text format of Prometheus, or as OpenMetrics with exemplars if Accept asks for
        it.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[str](
                "GET",
                ("v1", "tenants", tenant, "filesystems", fs, "metrics"),
                str,
                accept="text/plain",
            )
        )

    def metrics_targets(
        self,
        *,
        tenants: str | None = None,
        filesystems: str | None = None,
    ) -> models.MetricsTargets:
        """Targets for Prometheus.

        HTTP service discovery for Prometheus. The target is /metrics for the operator and
        /v1/metrics for a tenant, at the address of the request.

        Args:
            tenants: `true` adds a target for the quotas of the tenants, with the label
                part="tenants", for the operator only. It shows at most --metrics-targets-max
                tenants, those first that use the largest part of a quota.
            filesystems: `true` adds a target for each filesystem of the tenant, with its name
                as a label; for the operator, of all tenants, with the tenant as another label.
                At most --metrics-targets-max are listed: first those with sleeping operations,
                busy or detached blocks, and those that stopped; then the oldest.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[models.MetricsTargets](
                "GET",
                ("v1", "metrics", "targets"),
                models.MetricsTargets,
                query={"tenants": tenants, "filesystems": filesystems},
            )
        )

    def list_problems(self) -> models.ProblemTypes:
        """Every problem type.

        All values of `type` in a problem.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO.
        """
        return self._answer(
            Call[models.ProblemTypes](
                "GET",
                ("v1", "problems"),
                models.ProblemTypes,
            )
        )

    def get_problem(self, problem: str) -> models.ProblemType:
        """One problem type.

        The page to which the `type` of a problem links.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO, ENOENT.
        """
        return self._answer(
            Call[models.ProblemType](
                "GET",
                ("v1", "problems", problem),
                models.ProblemType,
            )
        )

    def list_rules(self) -> models.Rules:
        """Every rule of the machine and of the wire.

        In the order of docs/spec.md. The field `rule` of a problem is the id of one of them.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO.
        """
        return self._answer(
            Call[models.Rules](
                "GET",
                ("v1", "rules"),
                models.Rules,
            )
        )

    def get_rule(self, rule: str) -> models.Rule:
        """One rule.

        The text of the rule that a problem names. Each problem has a Link to it (describedby).

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO, ENOENT.
        """
        return self._answer(
            Call[models.Rule](
                "GET",
                ("v1", "rules", rule),
                models.Rule,
            )
        )

    def livez(self, *, verbose: bool | None = None) -> models.Health:
        """Liveness check.

        Answers as long as the event loop runs.

        Args:
            verbose: Lists the checks.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO.
        """
        return self._answer(
            Call[models.Health](
                "GET",
                ("livez",),
                models.Health,
                query={"verbose": verbose},
            )
        )

    def readyz(self, *, verbose: bool | None = None) -> models.Health:
        """Readiness check.

        503 as soon as the server begins to stop.

        Args:
            verbose: Lists the checks.

        Raises:
            Problem: the server refuses; its errno can be EAGAIN, EINVAL, EIO.
        """
        return self._answer(
            Call[models.Health](
                "GET",
                ("readyz",),
                models.Health,
                query={"verbose": verbose},
            )
        )

    def openapi(self) -> models.OpenapiResult:
        """This document.

        Generated from the registries that also serve the requests.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[models.OpenapiResult](
                "GET",
                ("openapi.json",),
                models.OpenapiResult,
            )
        )

    def asyncapi(self) -> models.AsyncapiResult:
        """The event streams.

        Generated from the registries that also serve the requests.

        Raises:
            Problem: the server refuses; its errno can be EINVAL, EIO, ESTALE.
        """
        return self._answer(
            Call[models.AsyncapiResult](
                "GET",
                ("asyncapi.json",),
                models.AsyncapiResult,
            )
        )


class FilesystemOperations(FilesystemCaller):
    """The routes of one filesystem. Each waits for its answer."""

    def get_filesystem(self) -> models.Filesystem:
        """statfs, geometry and strategy of a filesystem.

        blocksMetadata + blocksUsed + blocksFree + blocksBusy + blocksDetached = blocks.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Filesystem](
                "GET",
                ("v1", "filesystems", self.name),
                models.Filesystem,
            )
        )

    def umount(
        self,
        *,
        force: bool | None = None,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> models.UmountResult:
        """Unmount and remove a filesystem.

        EBUSY while there are mappings, pins, running operations, busy or detached blocks,
        because blocks are never freed early. With force all of these end, and sleeping
        operations fail with ENODEV.

        Args:
            force: Ends mappings, pins and sleeping operations, instead of failing with EBUSY.
                Default: false.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDQUOT, EINVAL,
                EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.UmountResult](
                "DELETE",
                ("v1", "filesystems", self.name),
                models.UmountResult,
                query={"force": force, "owner": owner},
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
            )
        )

    def get_strategy(self) -> models.Strategy:
        """Get the reclaim strategy.

        Its name, its options with the defaults filled in, and what it does.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Strategy](
                "GET",
                ("v1", "filesystems", self.name, "strategy"),
                models.Strategy,
            )
        )

    def set_strategy(
        self,
        *,
        name: str,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        **options: Any,
    ) -> models.StrategyInForce:
        """Change the reclaim strategy.

        Takes effect at once. Operations that sleep on a page wake up and scan again under the
        new strategy. Blocks that are already busy or detached stay so until their pins are
        released.

        Args:
            name: The name.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EFBIG, EINVAL,
                EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.StrategyInForce](
                "PUT",
                ("v1", "filesystems", self.name, "strategy"),
                models.StrategyInForce,
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
                json={"name": name, "owner": owner, **options},
            )
        )

    def get_files(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        orphans: bool | None = None,
        ino: int | None = None,
    ) -> models.Files:
        """List the files.

        In the order of their creation. Unlinked files that are still mapped or in use are
        listed only with orphans=true. ino=N lists one inode, with or without a name.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.
            orphans: Also lists unlinked files that still exist. Default: false.
            ino: Only this inode, even if it was unlinked.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Files](
                "GET",
                ("v1", "filesystems", self.name, "files"),
                models.Files,
                query={
                    "pageSize": page_size,
                    "pageToken": page_token,
                    "orphans": orphans,
                    "ino": ino,
                },
            )
        )

    def create(
        self,
        *,
        name: str,
        size_bytes: int | None = None,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.File:
        """Create a file.

        The new file is empty. With sizeBytes it has that size and is one hole.

        Args:
            name: 1 to 255 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or ..
                alone; case matters.
            size_bytes: Size, in bytes. Default: 0.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.File](
                "POST",
                ("v1", "filesystems", self.name, "files"),
                models.File,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={"name": name, "sizeBytes": size_bytes, "owner": owner},
            )
        )

    def get_file(self, file: str) -> models.File:
        """stat of a file.

        blocks512 is exact at once: DAX has no delayed allocation.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.File](
                "GET",
                ("v1", "filesystems", self.name, "files", file),
                models.File,
            )
        )

    def unlink(
        self,
        file: str,
        *,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        wait: float | None = None,
    ) -> models.BlocksResult:
        """Remove a file.

        The name is removed at once. The blocks are freed with the last reference, which is a
        mapping or a running operation. Under break-layouts with idleRule modern or fixed, the
        call that drops the last reference sleeps, uninterruptibly, until every pin is released.
        With classic the blocks are freed under the pins, with a warning.

        Args:
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._done(
            Call[models.BlocksResult](
                "DELETE",
                ("v1", "filesystems", self.name, "files", file),
                models.BlocksResult,
                query={
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
            ),
            wait,
        )

    def get_extents(
        self,
        file: str,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> models.Extents:
        """The extents of a file (FIEMAP).

        In ascending order of offset. Neighbouring blocks that are physically contiguous and
        have the same state are one extent. physical is a byte address on the device.

        Args:
            page_size: At most 10000; a larger number is reduced to that. Default: 10000.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Extents](
                "GET",
                ("v1", "filesystems", self.name, "files", file, "extents"),
                models.Extents,
                query={"pageSize": page_size, "pageToken": page_token},
            )
        )

    def get_pages(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        file: str | None = None,
        ino: int | None = None,
        pfn: int | None = None,
        pinned: bool | None = None,
    ) -> models.Pages:
        """Page frames of the device.

        In ascending order of pfn. pfn=N lists the frames from this one on. file=NAME and ino=N
        list the frames that a file owns; pinned=true lists only pinned frames.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.
            file: Only of the file that currently has this name.
            ino: Only this inode, even if it was unlinked.
            pfn: The first frame of the list. Default: 0.
            pinned: Only pinned pages. Default: false.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Pages](
                "GET",
                ("v1", "filesystems", self.name, "pages"),
                models.Pages,
                query={
                    "pageSize": page_size,
                    "pageToken": page_token,
                    "file": file,
                    "ino": ino,
                    "pfn": pfn,
                    "pinned": pinned,
                },
            )
        )

    def get_mappings(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        file: str | None = None,
        ino: int | None = None,
    ) -> models.Mappings:
        """List the mappings of a filesystem.

        In the order of their creation. file=NAME and ino=N list those of one file.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.
            file: Only of the file that currently has this name.
            ino: Only this inode, even if it was unlinked.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Mappings](
                "GET",
                ("v1", "filesystems", self.name, "mappings"),
                models.Mappings,
                query={
                    "pageSize": page_size,
                    "pageToken": page_token,
                    "file": file,
                    "ino": ino,
                },
            )
        )

    def get_mapping(
        self,
        mapping: str,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> models.Mapping:
        """A mapping with its page table.

        pageTable lists the present entries in ascending order; pageSize and pageToken page
        through it.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Mapping](
                "GET",
                ("v1", "filesystems", self.name, "mappings", mapping),
                models.Mapping,
                query={"pageSize": page_size, "pageToken": page_token},
            )
        )

    def munmap(
        self,
        mapping: str,
        *,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        wait: float | None = None,
    ) -> models.MunmapResult:
        """Remove a mapping.

        Pins that were taken through the mapping stay, because they refer to frames and not to
        addresses. Under the modern idle rule munmap ends a wait for a page that was faulted
        back in.

        Args:
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._done(
            Call[models.MunmapResult](
                "DELETE",
                ("v1", "filesystems", self.name, "mappings", mapping),
                models.MunmapResult,
                query={
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
            ),
            wait,
        )

    def get_pins(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        owner: str | None = None,
        file: str | None = None,
        ino: int | None = None,
    ) -> models.Pins:
        """List the pins of a filesystem.

        Oldest first, each with its first 16 pages. owner=NAME lists the pins of one owner;
        file=NAME and ino=N list those of one file, including pages that the file no longer
        owns.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.
            owner: Only the pins of this owner.
            file: Only of the file that currently has this name.
            ino: Only this inode, even if it was unlinked.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Pins](
                "GET",
                ("v1", "filesystems", self.name, "pins"),
                models.Pins,
                query={
                    "pageSize": page_size,
                    "pageToken": page_token,
                    "owner": owner,
                    "file": file,
                    "ino": ino,
                },
            )
        )

    def get_pin(
        self,
        pin: str,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> models.Pin:
        """A pin and its pages.

        orphan says for each page whether the file no longer owns it. pageSize and pageToken
        page through the pages.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 1000.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Pin](
                "GET",
                ("v1", "filesystems", self.name, "pins", pin),
                models.Pin,
                query={"pageSize": page_size, "pageToken": page_token},
            )
        )

    def unpin(
        self,
        pin: str,
        *,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> models.UnpinResult:
        """Release a pin.

        Drops every reference of the pin. If a page becomes idle, the operations that wait for
        it are woken.

        Args:
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDQUOT, EINVAL,
                EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.UnpinResult](
                "DELETE",
                ("v1", "filesystems", self.name, "pins", pin),
                models.UnpinResult,
                query={"owner": owner},
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
            )
        )

    def get_operations(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        state: Literal["running", "sleeping", "done", "failed", "cancelled"] | None = None,
        owner: str | None = None,
        file: str | None = None,
        ino: int | None = None,
    ) -> models.Operations:
        """List operations that run or sleep, and recently ended ones.

        Oldest first. state, owner, file and ino filter the list. Ended operations are listed
        only if they slept or were requested with respond-async.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.
            state: Only operations in this state.
            owner: The thread on whose behalf the request was made; null if none was given.
            file: Only of the file that currently has this name.
            ino: Only this inode, even if it was unlinked.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Operations](
                "GET",
                ("v1", "filesystems", self.name, "operations"),
                models.Operations,
                query={
                    "pageSize": page_size,
                    "pageToken": page_token,
                    "state": state,
                    "owner": owner,
                    "file": file,
                    "ino": ino,
                },
            )
        )

    def get_operation(self, operation: str) -> models.Operation:
        """Get an operation: what it does, what it sleeps on, what blocks it.

        The newest ended operations stay readable for some time (limits endedOperations and
        endedOperationMs). If the operation read bytes, `result.content.href` is their URL.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Operation](
                "GET",
                ("v1", "filesystems", self.name, "operations", operation),
                models.Operation,
            )
        )

    def get_busy_extents(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> models.BusyExtents:
        """Blocks that left their file but cannot be allocated yet.

        In ascending order of pfn. ino is the file that the blocks left. detached lists blocks
        that left their file under detach-and-wait and wait for their pins.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.BusyExtents](
                "GET",
                ("v1", "filesystems", self.name, "busy-extents"),
                models.BusyExtents,
                query={"pageSize": page_size, "pageToken": page_token},
            )
        )

    def get_badblocks(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> models.Badblocks:
        """The media errors of the device.

        Runs of 512-byte blocks in ascending order, as `ndctl list --media-errors` shows them.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Badblocks](
                "GET",
                ("v1", "filesystems", self.name, "poison"),
                models.Badblocks,
                query={"pageSize": page_size, "pageToken": page_token},
            )
        )

    def poison(
        self,
        *,
        block: int,
        count: int | None = None,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.PoisonResult:
        """Inject media errors.

        The pages of the blocks are unmapped everywhere. An access to such a page is SIGBUS
        (BUS_MCEERR_AR), get_user_pages is EFAULT, a read is EIO. A write of the whole page
        repairs it. Existing pins stay.

        Args:
            block: First 512-byte block of the device.
            count: Number of blocks. Default: 1.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.PoisonResult](
                "POST",
                ("v1", "filesystems", self.name, "poison"),
                models.PoisonResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={"block": block, "count": count, "owner": owner},
            )
        )

    def unpoison(
        self,
        *,
        block: int,
        count: int | None = None,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> models.UnpoisonResult:
        """Remove injected media errors.

        ndctl inject-error --uninject: the old bytes can be read again.

        Args:
            block: First 512-byte block of the device.
            count: Number of blocks. Default: 1.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EINVAL, EIO,
                ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.UnpoisonResult](
                "DELETE",
                ("v1", "filesystems", self.name, "poison"),
                models.UnpoisonResult,
                query={"block": block, "count": count, "owner": owner},
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
            )
        )

    def get_free_extents(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> models.FreeExtents:
        """The free runs of the device.

        Maximal runs of blocks that can be allocated now, in ascending order.

        Args:
            page_size: At most 10000; a larger number is reduced to that. Default: 10000.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.FreeExtents](
                "GET",
                ("v1", "filesystems", self.name, "free-extents"),
                models.FreeExtents,
                query={"pageSize": page_size, "pageToken": page_token},
            )
        )

    def get_map(
        self,
        *,
        offset: int | None = None,
        length: int | None = None,
        file: str | None = None,
        ino: int | None = None,
    ) -> models.Map:
        """A map of the page frames of the device.

        Runs of frames that are equal in state, owner, pins and flags, in ascending order of
        pfn, without a gap. offset and length are bytes of the device; the pages that they touch
        are shown. An answer has at most 2000 runs, and looks at 262144 frames one by one. If
        more is left, nextOffset says where to go on, and Link has the URL; the next answer has
        a cursor of its own. The owners of used runs are searched in all files, or with
        file=NAME or ino=N in that file alone. If that would be more than 400000 extents (a file
        counts as 30 more), used runs have no owner, and ownersOmitted is true.

        Args:
            offset: The first byte of the range. Default: 0.
            length: To the end of the device if it is absent.
            file: Only of the file that currently has this name.
            ino: Only this inode, even if it was unlinked.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Map](
                "GET",
                ("v1", "filesystems", self.name, "map"),
                models.Map,
                query={"offset": offset, "length": length, "file": file, "ino": ino},
            )
        )

    def get_waitqueues(self) -> models.Waitqueues:
        """The hashed waitqueues, bucket by bucket.

        Buckets with waiters in ascending order, each in the order in which a wake-up walks it
        (at most 1000 of each table). runnable lists the tasks that can run next, for a stepped
        scheduler.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Waitqueues](
                "GET",
                ("v1", "filesystems", self.name, "waitqueues"),
                models.Waitqueues,
            )
        )

    def get_locks(self, *, file: str | None = None, ino: int | None = None) -> models.Locks:
        """The locks that are held or waited for.

        i_rwsem and invalidate_lock of each file, and the locks of its mapping entries, each
        with its holders, how long they have held it, and its queue in order. file=NAME and
        ino=N list those of one file. At most 1000.

        Args:
            file: Only of the file that currently has this name.
            ino: Only this inode, even if it was unlinked.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Locks](
                "GET",
                ("v1", "filesystems", self.name, "locks"),
                models.Locks,
                query={"file": file, "ino": ino},
            )
        )

    def get_wait_graph(self) -> models.WaitGraph:
        """The wait graph: which operation waits for which, and every deadlock.

        An edge means "from waits for to". An operation waits for a page or a lock. A page waits
        for its pins, or for the sleeping operation of their owner, and under the modern idle
        rule for its mappings. A mapping is on no cycle, because any thread of its process can
        remove it. A lock waits for its holders and for the operations queued before. An owner
        is one thread: while one of its operations sleeps, it releases no pin. A cycle is a
        deadlock; its nodes are listed from the oldest operation around to that operation again.
        At most 1000 sleeping operations are shown, first those that can be on a cycle, each
        with the first 64 nodes that it waits for. `omitted` counts the others.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.WaitGraph](
                "GET",
                ("v1", "filesystems", self.name, "wait-graph"),
                models.WaitGraph,
            )
        )

    def get_wait_graph_text(self, *, format: Literal["json", "dot", "mermaid"]) -> str:
        """The wait graph: which operation waits for which, and every deadlock.

        An edge means "from waits for to". An operation waits for a page or a lock. A page waits
        for its pins, or for the sleeping operation of their owner, and under the modern idle
        rule for its mappings. A mapping is on no cycle, because any thread of its process can
        remove it. A lock waits for its holders and for the operations queued before. An owner
        is one thread: while one of its operations sleeps, it releases no pin. A cycle is a
        deadlock; its nodes are listed from the oldest operation around to that operation again.
        At most 1000 sleeping operations are shown, first those that can be on a cycle, each
        with the first 64 nodes that it waits for. `omitted` counts the others.

        Args:
            format: Takes precedence over the header Accept, for links in a browser.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[str](
                "GET",
                ("v1", "filesystems", self.name, "wait-graph"),
                str,
                accept="*/*",
                query={"format": format},
            )
        )

    def get_hung_tasks(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        seconds: int | None = None,
    ) -> models.HungTasks:
        """Operations that have been in state D for too long.

        linux has the messages that the kernel log would show. culprits has what Linux does not
        show: the operations that the others wait for, their states, and the pins that they wait
        for. seconds is hung_task_timeout_secs.

        Args:
            page_size: At most 1000; a larger number is reduced to that. Default: 100.
            page_token: The nextPageToken of the previous page. Its content has no meaning for
                the client.
            seconds: hung_task_timeout_secs: the shortest sleep that is reported. Default: 120.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.HungTasks](
                "GET",
                ("v1", "filesystems", self.name, "hung-tasks"),
                models.HungTasks,
                query={"pageSize": page_size, "pageToken": page_token, "seconds": seconds},
            )
        )

    def clock_advance(
        self,
        *,
        ms: int,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.ClockAdvanceResult:
        """Advance the manual clock of a filesystem.

        Before the call returns, pins with holdMs are released and operations with timeoutMs
        end, each at its own time.

        Args:
            ms: By how much, in milliseconds.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.ClockAdvanceResult](
                "POST",
                ("v1", "filesystems", self.name, "clock", "advance"),
                models.ClockAdvanceResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={"ms": ms, "owner": owner},
            )
        )

    def sync(
        self,
        *,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.SyncResult:
        """Flush every dirty cache line of the device.

        sync(2): afterwards all stores through any mapping are on the medium.

        Args:
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.SyncResult](
                "POST",
                ("v1", "filesystems", self.name, "sync"),
                models.SyncResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={"owner": owner},
            )
        )

    def power_cycle(
        self,
        *,
        drop: Literal["some", "all", "none"] | None = None,
        seed: int | None = None,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.PowerCycleResult:
        """Cut the power of the device and mount the filesystem again.

        drop decides what is lost of cache lines that were stored to and not flushed: all of
        their 8-byte words, none, or some (chosen by seed). With eADR nothing is lost. A file
        that lost nothing keeps its ETag. Pins and mappings end, running operations fail with
        ENODEV, busy and detached blocks become free, and unlinked files are removed.

        Args:
            drop: Which cache lines that were not flushed are lost: all, none, or some, chosen
                by seed. Default: "some".
            seed: Chooses which cache lines are lost. Default: 1.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.PowerCycleResult](
                "POST",
                ("v1", "filesystems", self.name, "power-cycle"),
                models.PowerCycleResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={"drop": drop, "seed": seed, "owner": owner},
            )
        )

    def rename(
        self,
        file: str,
        *,
        name: str,
        replace: bool | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.RenameResult:
        """Rename a file.

        By default this is renameat2 with RENAME_NOREPLACE: an existing name is EEXIST. With
        replace it is rename(2): the file that has the new name is unlinked, and evicted before
        the call returns unless it is mapped or in use. Under break-layouts with idleRule modern
        or fixed the eviction waits, uninterruptibly, for every pin. Mappings, pins and sleeping
        operations stay with the renamed file. rename takes i_rwsem of both files, so it waits
        in state D behind a layout change that sleeps. A rename to the current name does nothing
        and never waits.

        Args:
            name: 1 to 255 of A-Z, a-z, 0-9, dot, dash, underscore and tilde, but not . or ..
                alone; case matters.
            replace: Replaces an existing file, like rename(2). Without it an existing name is
                EEXIST (RENAME_NOREPLACE). Default: false.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EEXIST, EFBIG, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._done(
            Call[models.RenameResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "rename"),
                models.RenameResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "name": name,
                    "replace": replace,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def read(
        self,
        file: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        wait: float | None = None,
    ) -> bytes:
        """Read the content of a file.

        Holes and unwritten blocks read as zero. A range that reaches beyond the end of the file
        is cut there.

        Args:
            offset: The first byte of the range. Default: 0.
            length: To the end of the file by default.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDEADLK, EDQUOT,
                EFBIG, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._done(
            Call[bytes](
                "GET",
                ("v1", "filesystems", self.name, "files", file, "content"),
                bytes,
                accept="application/octet-stream",
                query={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def write(
        self,
        file: str,
        data: bytes,
        *,
        offset: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        wait: float | None = None,
    ) -> models.WriteResult:
        """Write the content of a file.

        With offset this is pwrite. Blocks are allocated at once, and the bytes bypass the CPU
        cache. If the device becomes full, or the largest file size is reached, the write is
        short, and bytesWritten says how much was written. XFS reserves blocks first: a hole is
        filled completely or not at all, and if the write makes the file longer, the rest of the
        write must fit. Without offset the body replaces the whole content, like O_TRUNC and
        write.

        Args:
            offset: The byte at which to write. Without it the body replaces the whole content.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EFAULT, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._done(
            Call[models.WriteResult](
                "PUT",
                ("v1", "filesystems", self.name, "files", file, "content"),
                models.WriteResult,
                query={
                    "offset": offset,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
                data=data,
                data_type="application/octet-stream",
            ),
            wait,
        )

    def write_range(
        self,
        file: str,
        data: bytes,
        *,
        content_range: str,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        wait: float | None = None,
    ) -> models.WriteResult:
        """Write a part of the content of a file.

        draft-ietf-httpapi-patch-byterange, with Content-Range as a header. The same as PUT with
        `offset`.

        Args:
            content_range: `bytes first-last/*`: the range to write. The body must have exactly
                its length.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EFAULT, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._done(
            Call[models.WriteResult](
                "PATCH",
                ("v1", "filesystems", self.name, "files", file, "content"),
                models.WriteResult,
                query={
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Content-Range": content_range,
                },
                data=data,
                data_type="application/octet-stream",
            ),
            wait,
        )

    def truncate(
        self,
        file: str,
        *,
        size_bytes: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.BlocksResult:
        """Set the size of a file.

        Blocks beyond the new end leave the file, and the tail of the last block is zeroed.
        Under break-layouts every truncate, also one to a larger or the same size, first waits
        for every pin in breakScope.

        Args:
            size_bytes: The new size.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EEXIST, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._done(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "truncate"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "sizeBytes": size_bytes,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def punch_hole(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.BlocksResult:
        """Remove the blocks of a byte range.

        Whole blocks in the range become a hole and read as zero. Partial blocks at the edges
        are zeroed in place. The size of the file does not change.

        Args:
            offset: The first byte of the range.
            length: Length of the range, in bytes.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EEXIST, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP,
                ESTALE.
        """
        return self._done(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "punch-hole"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def allocate(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        keep_size: bool | None = None,
        unshare: bool | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.BlocksResult:
        """Preallocate blocks for a byte range.

        Holes in the range get unwritten blocks, which read as zero. Without keepSize the file
        grows to the end of the range.

        Args:
            offset: The first byte of the range.
            length: Length of the range, in bytes.
            keep_size: FALLOC_FL_KEEP_SIZE: the size of the file does not change, so blocks may
                lie beyond its end. Default: false.
            unshare: UNSHARE_RANGE; EOPNOTSUPP on ext4. Default: false.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EEXIST, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP,
                ESTALE.
        """
        return self._done(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "allocate"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "keepSize": keep_size,
                    "unshare": unshare,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def zero_range(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        keep_size: bool | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.BlocksResult:
        """Zero a byte range and keep blocks allocated for it.

        Whole blocks of the range become unwritten, holes are preallocated, and partial blocks
        at the edges are zeroed in place. Without keepSize the file grows to the end of the
        range. If space runs out, XFS has already freed the range, so it reads as zero; ext4
        keeps the blocks that it got, zeroed if the range consists of whole pages.

        Args:
            offset: The first byte of the range.
            length: Length of the range, in bytes.
            keep_size: FALLOC_FL_KEEP_SIZE: the size of the file does not change. Default:
                false.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EEXIST, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP,
                ESTALE.
        """
        return self._done(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "zero-range"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "keepSize": keep_size,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def collapse_range(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.BlocksResult:
        """Remove a range from a file and close the gap.

        offset and length are whole blocks, and the range ends before the end of the file.
        Blocks after the range move down, so every strategy that protects pins first waits for
        pins on them.

        Args:
            offset: The first byte of the range.
            length: Length of the range, in bytes.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EEXIST, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP,
                ESTALE.
        """
        return self._done(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "collapse-range"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def insert_range(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.BlocksResult:
        """Insert a hole into a file.

        offset and length are whole blocks, and offset lies before the end of the file. Blocks
        from offset on move up, so every strategy that protects pins first waits for pins on
        them.

        Args:
            offset: The first byte of the range.
            length: Length of the range, in bytes.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EEXIST, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP,
                ESTALE.
        """
        return self._done(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "insert-range"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def exchange_range(
        self,
        file: str,
        *,
        with_: str,
        offset: int,
        with_offset: int,
        length: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.ExchangeRangeResult:
        """Exchange the blocks of two ranges.

        XFS_IOC_EXCHANGE_RANGE; EOPNOTSUPP on other kinds. Both layouts are broken first. For
        the file with the lower inode number the operation sleeps until its pins are released.
        For the other file it does not sleep: while a page of that file is pinned, Linux loops,
        ignores signals and holds i_rwsem of both files. Here the operation scans again with
        each command to the filesystem and each timer, and counts retries. wait-for-refs sleeps
        for the second file too, with every lock held. Both ranges lie within their files and
        consist of whole blocks; the length may be a partial block if both ranges end at the end
        of their files.

        Args:
            with_: The other file. It can be the same file if the two ranges do not overlap.
            offset: The first byte of the range.
            with_offset: The first byte of the range in the other file.
            length: Length of the range, in bytes.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDEADLK,
                EDQUOT, EEXIST, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP,
                ESTALE.
        """
        return self._done(
            Call[models.ExchangeRangeResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "exchange-range"),
                models.ExchangeRangeResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "with": with_,
                    "offset": offset,
                    "withOffset": with_offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def seek(
        self,
        file: str,
        *,
        whence: Literal["data", "hole"],
        offset: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        wait: float | None = None,
    ) -> models.SeekResult:
        """Find the next data or the next hole.

        lseek with SEEK_DATA or SEEK_HOLE. There is a virtual hole at the end of the file. On
        ext4 it waits for i_rwsem, on XFS it does not. On ext2 the whole file counts as data.

        Args:
            whence: SEEK_DATA or SEEK_HOLE.
            offset: The first byte of the range. Default: 0.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDEADLK, EDQUOT,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ENXIO, ESTALE.
        """
        return self._done(
            Call[models.SeekResult](
                "GET",
                ("v1", "filesystems", self.name, "files", file, "seek"),
                models.SeekResult,
                query={
                    "whence": whence,
                    "offset": offset,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def fiemap(
        self,
        file: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        wait: float | None = None,
    ) -> models.FiemapResult:
        """The extents of a file, by the system call.

        fe_flags: 0x1 is LAST of the range, 0x800 UNWRITTEN, and on ext2 also 0x1000 MERGED. It
        waits for i_rwsem where Linux does; GET …/extents gives the same list without the lock.
        At most 10000 extents.

        Args:
            offset: The first byte of the range. Default: 0.
            length: Length of the range, in bytes. Default: 9007199254740991.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDEADLK, EDQUOT,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._done(
            Call[models.FiemapResult](
                "GET",
                ("v1", "filesystems", self.name, "files", file, "fiemap"),
                models.FiemapResult,
                query={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def mmap(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        access: models.MappingAccess,
        shared: bool | None = None,
        sync: bool | None = None,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.MmapResult:
        """Map a range of a file.

        The range may lie beyond the end of the file; an access there is a SIGBUS. offset must
        be a multiple of the page size; length is rounded up to one. In a private mapping
        (shared: false) the first write to a page copies the page, and MAP_SYNC is ignored.

        Args:
            offset: The first byte of the range.
            length: Length of the range, in bytes.
            access: What the mapping or the pin allows: reads, or writes as well.
            shared: MAP_SHARED; a private mapping copies pages that it writes. Default: true.
            sync: MAP_SYNC. Default: false.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.MmapResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "mappings"),
                models.MmapResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "access": access,
                    "shared": shared,
                    "sync": sync,
                    "owner": owner,
                },
            )
        )

    def fault(
        self,
        mapping: str,
        *,
        offset: int,
        access: models.PageAccess,
        length: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.FaultResult:
        """Fault in pages of a mapping.

        Faults in every page of the range that is not mapped yet. A read fault of a hole or an
        unwritten block maps the shared zero page and allocates nothing; a write fault
        allocates. Pages before one that fails stay mapped. If the mapping covers an aligned 2
        MiB of the file, and one extent has it on aligned frames, one fault maps all 2 MiB.

        Args:
            offset: In bytes from the start of the mapping.
            access: What the mapping or the pin allows: reads, or writes as well.
            length: Length of the range, in bytes. Default: 1.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDEADLK, EDQUOT,
                EEXIST, EFAULT, EFBIG, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, ENOSPC, ESTALE,
                SIGBUS.
        """
        return self._done(
            Call[models.FaultResult](
                "POST",
                ("v1", "filesystems", self.name, "mappings", mapping, "faults"),
                models.FaultResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "access": access,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def load(
        self,
        mapping: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        wait: float | None = None,
    ) -> bytes:
        """Load bytes through a mapping.

        Faults in pages that are not mapped yet. An access beyond the last page of the file is a
        SIGBUS.

        Args:
            offset: In bytes from the start of the mapping. Default: 0.
            length: To the end of the mapping by default.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDEADLK, EDQUOT,
                EFAULT, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, ENOSPC, ESTALE, SIGBUS.
        """
        return self._done(
            Call[bytes](
                "GET",
                ("v1", "filesystems", self.name, "mappings", mapping, "memory"),
                bytes,
                accept="application/octet-stream",
                query={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def store(
        self,
        mapping: str,
        data: bytes,
        *,
        offset: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        wait: float | None = None,
    ) -> models.StoreResult:
        """Store bytes through a mapping.

        Faults in pages that are not mapped yet, and allocates blocks for holes. The size of the
        file does not change: bytes beyond it in the last page are lost with the next truncate.
        Pages before one that fails keep the stored bytes.

        Args:
            offset: In bytes from the start of the mapping. Default: 0.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDEADLK, EDQUOT,
                EFAULT, EFBIG, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, ENOSPC, ESTALE, SIGBUS.
        """
        return self._done(
            Call[models.StoreResult](
                "PUT",
                ("v1", "filesystems", self.name, "mappings", mapping, "memory"),
                models.StoreResult,
                query={
                    "offset": offset,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
                data=data,
                data_type="application/octet-stream",
            ),
            wait,
        )

    def flush(
        self,
        mapping: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        how: Literal["clwb", "msync"] | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.FlushResult:
        """Flush stores of a mapping to the medium.

        clwb writes back the cache lines of the byte range. It faults in pages and fails like a
        load: beyond the last page of the file it is a SIGBUS, and the bytes before are flushed.
        msync flushes whole pages of the range, mapped or not, whoever stored to them, also
        beyond the end of the file; for a private mapping it flushes nothing. Its offset must be
        a multiple of the page size.

        Args:
            offset: In bytes from the start of the mapping. Default: 0.
            length: To the end of the mapping by default.
            how: clwb: cache-line write-back and fence; or msync. Default: "clwb".
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDEADLK, EDQUOT,
                EEXIST, EFAULT, EFBIG, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, ENOSPC, ESTALE,
                SIGBUS.
        """
        return self._done(
            Call[models.FlushResult](
                "POST",
                ("v1", "filesystems", self.name, "mappings", mapping, "flush"),
                models.FlushResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "how": how,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def pin(
        self,
        mapping: str,
        *,
        offset: int,
        length: int,
        access: models.PageAccess,
        longterm: bool | None = None,
        kind: models.PinKind | None = None,
        hwpoison: bool | None = None,
        hold_ms: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> models.PinResult:
        """Pin pages through a mapping (get_user_pages).

        Takes a reference on each page of the range, in order, and faults in pages that are not
        mapped yet. The pin may have fewer pages than requested; it is an error only if it has
        none. A pin refers to frames: it stays when the mapping, the block or the file is
        removed.

        Args:
            offset: In bytes from the start of the mapping.
            length: Length of the range, in bytes.
            access: write is FOLL_WRITE: the device will write to the pages.
            longterm: FOLL_LONGTERM: refused on fs-dax unless the strategy allows it. By default
                as the kind has it in Linux.
            kind: rdma, v4l2, vfio and io-uring pin with FOLL_LONGTERM; direct-io and vmsplice
                do not. Default: "direct-io".
            hwpoison: FOLL_HWPOISON: a poisoned page is EHWPOISON instead of EFAULT. Default:
                false.
            hold_ms: Releases the pin automatically after this time.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            nowait: Fails with EAGAIN instead of sleeping; nothing is changed.
            timeout_ms: Sends a signal after this time, which ends an interruptible wait with
                EINTR.
            fail_on_deadlock: Fails with EDEADLK instead of sleeping in a deadlock.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.
            wait: How many seconds to wait for the end; StillWaiting after it. Default: as long
                as it takes.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDEADLK, EDQUOT,
                EEXIST, EFAULT, EFBIG, EHWPOISON, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, ENOSPC,
                EOPNOTSUPP, ESTALE.
        """
        return self._done(
            Call[models.PinResult](
                "POST",
                ("v1", "filesystems", self.name, "mappings", mapping, "pins"),
                models.PinResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "access": access,
                    "longterm": longterm,
                    "kind": kind,
                    "hwpoison": hwpoison,
                    "holdMs": hold_ms,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            ),
            wait,
        )

    def dma_read(
        self,
        pin: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        owner: str | None = None,
    ) -> bytes:
        """Read pinned pages by DMA.

        Returns the current bytes of the frames, whichever file owns them. Under the strategy
        none a pin can show bytes of another file.

        Args:
            offset: In bytes from the start of the mapping through which the pages were pinned.
                By default the start of the pinned range.
            length: To the end of the pinned range by default.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDQUOT, EFAULT,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[bytes](
                "GET",
                ("v1", "filesystems", self.name, "pins", pin, "memory"),
                bytes,
                accept="application/octet-stream",
                query={"offset": offset, "length": length, "owner": owner},
            )
        )

    def dma_write(
        self,
        pin: str,
        data: bytes,
        *,
        offset: int | None = None,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> models.DmaWriteResult:
        """Write pinned pages by DMA.

        Writes to the frames, whichever file owns them: the same file, no file, or under the
        strategy none another file. `victims` names the owners of pages that the file of the pin
        no longer owns; their ETags change.

        Args:
            offset: In bytes from the start of the mapping through which the pages were pinned.
                By default the start of the pinned range.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDQUOT, EFAULT,
                EFBIG, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.DmaWriteResult](
                "PUT",
                ("v1", "filesystems", self.name, "pins", pin, "memory"),
                models.DmaWriteResult,
                query={"offset": offset, "owner": owner},
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
                data=data,
                data_type="application/octet-stream",
            )
        )

    def cancel(
        self,
        operation: str,
        *,
        restart: bool | None = None,
        owner: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.CancelResult:
        """Send a signal to an operation.

        An interruptible sleep (state S) ends with EINTR and nothing has changed.
        detach-and-wait succeeds instead and leaves the blocks to the reaper. With restart
        (SA_RESTART) the call begins again and waits again. A sleep in state D and an operation
        that spins cannot be interrupted: EBUSY.

        Args:
            restart: SA_RESTART: the operation begins again after the signal. Default: false.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EBUSY, EDQUOT, EEXIST,
                EFBIG, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ESTALE.
        """
        return self._answer(
            Call[models.CancelResult](
                "POST",
                ("v1", "filesystems", self.name, "operations", operation, "cancel"),
                models.CancelResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={"restart": restart, "owner": owner},
            )
        )

    def scheduler_step(
        self,
        *,
        task: str | None = None,
        owner: str | None = None,
        until: Literal["blocked", "deadlock", "done"] | None = None,
        random: models.RandomSteps | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.SchedulerStepResult:
        """Run one step of one task.

        For a filesystem with a stepped scheduler. task is the id of an operation, or kworker
        for the release worker; without it the first task of the run queue takes a step. The
        answer names the step that was taken; its task is null if no task can run. `timer`
        advances a manual clock to the next timer and fires it: a pin with holdMs, or an
        operation with timeoutMs. `until` takes steps until something happens, at most
        limits.walkStepsMax of them, each an entry of the log of its own.

        Args:
            task: The id of the operation, `op_…`.
            owner: The thread on whose behalf the request is made. It owns the pins and waits
                for the locks.
            until: Takes steps until an operation falls asleep, a deadlock is found, or all
                operations have ended. With `task` only that operation takes steps, and the walk
                ends when it sleeps or ends.
            random: Chooses the task of each step by chance. Not together with `task`.
            if_match: 412 unless one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            if_none_match: 412 if one of these ETags is the one that the resource has when the
                operation begins. `*` matches any ETag.
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINVAL, EIO, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.SchedulerStepResult](
                "POST",
                ("v1", "filesystems", self.name, "scheduler", "step"),
                models.SchedulerStepResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={"task": task, "owner": owner, "until": until, "random": random},
            )
        )

    def get_choices(self, *, explore: bool | None = None) -> models.Choices:
        """List who can take the next step of a stepped filesystem, and where it leads.

        The tasks that can take a step, in the order of the run queue, and the next timer of a
        manual clock. With explore=true a search tries every order of the steps that can follow
        and adds what can come of each choice. It assumes that nobody makes a new call, and that
        an owner that is not in a call releases its pins sooner or later. `completes`: in some
        orders all operations end. `hangs`: an operation sleeps and nothing wakes it. `starves`
        takes calls that come again and again, so only stories have it. `unknown`: the search
        ended at a limit before all states were seen. The filesystem does not change.

        Args:
            explore: Search what can follow each choice. Default: false.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EINVAL, EIO,
                ENOENT, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.Choices](
                "GET",
                ("v1", "filesystems", self.name, "choices"),
                models.Choices,
                query={"explore": explore},
            )
        )

    def operation_content(self, operation: str) -> bytes:
        """The bytes of a read that was answered 202.

        The bytes that the read returned when it ended. The record of the operation links here
        with `result.content.href`. A filesystem stores the newest `readBytesKeptMax` bytes of
        ended reads, each as long as the record of its operation.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINTR, EINVAL, EIO,
                ENOENT, ESTALE.
        """
        return self._answer(
            Call[bytes](
                "GET",
                ("v1", "filesystems", self.name, "operations", operation, "content"),
                bytes,
                accept="application/octet-stream",
            )
        )

    def get_state(self, *, parts: str | None = None) -> models.State:
        """One consistent snapshot of a filesystem.

        All parts are read at the same cursor, so the events after it lead from this snapshot to
        any later one. Each part has the records of its list; files include those that were
        unlinked (nlink 0). A part has at most 1000 records: of operations first those that run
        or sleep, then the newest that have ended. `truncated` names the parts that were cut,
        with the number of their records. Without `parts`: filesystem, files, mappings, pins,
        operations, busyExtents, detachedExtents, waitGraph. The ETag is that of the filesystem;
        ages such as heldMs are those at the time of the request.

        Args:
            parts: Comma-separated names of parts: filesystem, files, mappings, pins,
                operations, busyExtents, detachedExtents, waitGraph, locks, waitqueues.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.State](
                "GET",
                ("v1", "filesystems", self.name, "state"),
                models.State,
                query={"parts": parts},
            )
        )

    def explain_operation(self, operation: str) -> models.Explanation:
        """Explain why an operation waits, and what would end the wait.

        The operation with its locks and blockers. `path` has its events, at most 100, as far as
        the event log goes back. `behind` lists the operations that wait for it. `released`
        lists the pins, mappings and signals that end the wait, and `others` what the other
        strategies would do; both are found by running copies of the machine. `notRun` says why
        no copy was run. The machine itself does not change.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Explanation](
                "GET",
                ("v1", "filesystems", self.name, "operations", operation, "explain"),
                models.Explanation,
            )
        )

    def trace(self, *, from_: str | None = None, to: str | None = None) -> models.Trace:
        """Export a range of events for other tools.

        A trace for Perfetto, or ftrace text with the names and fields of the Linux tracepoints.

        Args:
            from_: The range begins after this cursor; `oldest` begins with the oldest stored
                event. Default: "oldest".
            to: The last event of the range. Default: "now".

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[models.Trace](
                "GET",
                ("v1", "filesystems", self.name, "trace"),
                models.Trace,
                query={"from": from_, "to": to},
            )
        )

    def trace_text(
        self,
        *,
        format: Literal["perfetto", "ftrace"],
        from_: str | None = None,
        to: str | None = None,
    ) -> str:
        """Export a range of events for other tools.

        A trace for Perfetto, or ftrace text with the names and fields of the Linux tracepoints.

        Args:
            format: JSON in Chrome format for Perfetto, or ftrace text. Default: "perfetto".
            from_: The range begins after this cursor; `oldest` begins with the oldest stored
                event. Default: "oldest".
            to: The last event of the range. Default: "now".

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[str](
                "GET",
                ("v1", "filesystems", self.name, "trace"),
                str,
                accept="*/*",
                query={"format": format, "from": from_, "to": to},
            )
        )

    def get_bundle(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        contents: Literal["keep", "omit"] | None = None,
        note: str | None = None,
    ) -> bytes:
        """Export a span of the past as a bundle.

        One file with the state at the beginning, the commands, and what they must lead to. POST
        /v1/filesystems?name=… with this file makes a filesystem with the same past and state,
        on any server with the same version of the simulated machine.

        Args:
            from_: The span begins right after this event. Default: the oldest moment that is
                kept.
            to: The last event of the span. Default: now.
            contents: omit: the contents of files are replaced by zeros and hashes, for somebody
                who must not see them. Layout, pins and waits are the same. Default: "keep".
            note: A text that goes with the bundle. Default: "".

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EFBIG, EINVAL,
                EIO, ENOENT, ESTALE.
        """
        return self._answer(
            Call[bytes](
                "GET",
                ("v1", "filesystems", self.name, "bundle"),
                bytes,
                accept="application/vnd.pinhole.bundle",
                query={"from": from_, "to": to, "contents": contents, "note": note},
            )
        )

    def get_script(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        format: Literal["golden", "curl", "xfs_io"] | None = None,
    ) -> str:
        """Export a span of the past as a script.

        The commands as text. Played on a new filesystem, or on a fork at the cursor where the
        span begins, they give the same. A script has a manual clock: where a realtime clock
        moved by itself there is a `clock-advance`, which takes the number of an operation, and
        operations have the numbers that they get when the script is played. Preconditions
        (If-Match) that held are left out, because ETags differ.

        Args:
            from_: The span begins right after this event. Default: the oldest moment that is
                kept.
            to: The last event of the span. Default: now.
            format: golden: one command on a line, in the form of the golden traces. curl: a
                shell script for any server. xfs_io: lines for xfs_io(8); what it cannot do is a
                comment. Default: "golden".

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EFBIG, EINVAL,
                EIO, ENOENT, ESTALE.
        """
        return self._answer(
            Call[str](
                "GET",
                ("v1", "filesystems", self.name, "script"),
                str,
                accept="text/plain",
                query={"from": from_, "to": to, "format": format},
            )
        )

    def compare_filesystem(
        self,
        *,
        from_: str | None = None,
        strategies: Sequence[str | models.StrategyOptions] | None = None,
        idempotency_key: str | None = None,
    ) -> models.Comparison:
        """Play the past of a filesystem under each strategy.

        A table with a row for each strategy: how each operation ended, how long it slept and
        who blocked it, and what the strategy cost. A command on a mapping, a pin or an
        operation acts on what the same command has made under that strategy. If there is none,
        it fails like any command on something that does not exist, and the run continues. The
        comparison is made aside and changes nothing. It ends when the client closes the
        connection. Operations that were asleep at the beginning are in the table too.

        Args:
            from_: Begins right after the command that caused this event; `oldest` is all that
                is kept. Default: "oldest".
            strategies: Names of strategies, or names with options as in PUT …/strategy. `all`
                stands for each strategy with the options that the kernel has by default. The
                names in the stories, such as `break-layouts classic`, are known too. Default:
                ["all"].
            idempotency_key: A repeated request with the same key gets the answer of the first
                one.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EDQUOT, EEXIST, EFBIG,
                EINTR, EINVAL, EIO, ENOENT, EOPNOTSUPP, ESTALE.
        """
        return self._answer(
            Call[models.Comparison](
                "POST",
                ("v1", "filesystems", self.name, "compare"),
                models.Comparison,
                headers={"Idempotency-Key": idempotency_key},
                json={"from": from_, "strategies": strategies},
            )
        )

    def filesystem_metrics(self) -> str:
        """Metrics of one filesystem.

        In the text format of Prometheus, or as OpenMetrics with exemplars if Accept asks for
        it.

        Raises:
            Problem: the server refuses; its errno can be EACCES, EAGAIN, EINVAL, EIO, ENOENT,
                ESTALE.
        """
        return self._answer(
            Call[str](
                "GET",
                ("v1", "filesystems", self.name, "metrics"),
                str,
                accept="text/plain",
            )
        )


class StartedOperations(Starter):
    """The operations that can sleep. Each is only started: it gives its record, and not its
    result.
    """

    def unlink(
        self,
        file: str,
        *,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Pending[models.BlocksResult]:
        """Starts FilesystemOperations.unlink, which tells what it does and what it takes."""
        return self._start(
            Call[models.BlocksResult](
                "DELETE",
                ("v1", "filesystems", self.name, "files", file),
                models.BlocksResult,
                query={
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
            )
        )

    def munmap(
        self,
        mapping: str,
        *,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Pending[models.MunmapResult]:
        """Starts FilesystemOperations.munmap, which tells what it does and what it takes."""
        return self._start(
            Call[models.MunmapResult](
                "DELETE",
                ("v1", "filesystems", self.name, "mappings", mapping),
                models.MunmapResult,
                query={
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
            )
        )

    def rename(
        self,
        file: str,
        *,
        name: str,
        replace: bool | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.RenameResult]:
        """Starts FilesystemOperations.rename, which tells what it does and what it takes."""
        return self._start(
            Call[models.RenameResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "rename"),
                models.RenameResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "name": name,
                    "replace": replace,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def read(
        self,
        file: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
    ) -> Pending[bytes]:
        """Starts FilesystemOperations.read, which tells what it does and what it takes."""
        return self._start(
            Call[bytes](
                "GET",
                ("v1", "filesystems", self.name, "files", file, "content"),
                bytes,
                accept="application/octet-stream",
                query={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def write(
        self,
        file: str,
        data: bytes,
        *,
        offset: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Pending[models.WriteResult]:
        """Starts FilesystemOperations.write, which tells what it does and what it takes."""
        return self._start(
            Call[models.WriteResult](
                "PUT",
                ("v1", "filesystems", self.name, "files", file, "content"),
                models.WriteResult,
                query={
                    "offset": offset,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
                data=data,
                data_type="application/octet-stream",
            )
        )

    def write_range(
        self,
        file: str,
        data: bytes,
        *,
        content_range: str,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Pending[models.WriteResult]:
        """Starts FilesystemOperations.write_range, which tells what it does and what it takes."""
        return self._start(
            Call[models.WriteResult](
                "PATCH",
                ("v1", "filesystems", self.name, "files", file, "content"),
                models.WriteResult,
                query={
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Content-Range": content_range,
                },
                data=data,
                data_type="application/octet-stream",
            )
        )

    def truncate(
        self,
        file: str,
        *,
        size_bytes: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.BlocksResult]:
        """Starts FilesystemOperations.truncate, which tells what it does and what it takes."""
        return self._start(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "truncate"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "sizeBytes": size_bytes,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def punch_hole(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.BlocksResult]:
        """Starts FilesystemOperations.punch_hole, which tells what it does and what it takes."""
        return self._start(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "punch-hole"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def allocate(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        keep_size: bool | None = None,
        unshare: bool | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.BlocksResult]:
        """Starts FilesystemOperations.allocate, which tells what it does and what it takes."""
        return self._start(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "allocate"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "keepSize": keep_size,
                    "unshare": unshare,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def zero_range(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        keep_size: bool | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.BlocksResult]:
        """Starts FilesystemOperations.zero_range, which tells what it does and what it takes."""
        return self._start(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "zero-range"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "keepSize": keep_size,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def collapse_range(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.BlocksResult]:
        """Starts FilesystemOperations.collapse_range, which tells what it does and what it takes.
        """
        return self._start(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "collapse-range"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def insert_range(
        self,
        file: str,
        *,
        offset: int,
        length: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.BlocksResult]:
        """Starts FilesystemOperations.insert_range, which tells what it does and what it takes."""
        return self._start(
            Call[models.BlocksResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "insert-range"),
                models.BlocksResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def exchange_range(
        self,
        file: str,
        *,
        with_: str,
        offset: int,
        with_offset: int,
        length: int,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.ExchangeRangeResult]:
        """Starts FilesystemOperations.exchange_range, which tells what it does and what it takes.
        """
        return self._start(
            Call[models.ExchangeRangeResult](
                "POST",
                ("v1", "filesystems", self.name, "files", file, "exchange-range"),
                models.ExchangeRangeResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "with": with_,
                    "offset": offset,
                    "withOffset": with_offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def seek(
        self,
        file: str,
        *,
        whence: Literal["data", "hole"],
        offset: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
    ) -> Pending[models.SeekResult]:
        """Starts FilesystemOperations.seek, which tells what it does and what it takes."""
        return self._start(
            Call[models.SeekResult](
                "GET",
                ("v1", "filesystems", self.name, "files", file, "seek"),
                models.SeekResult,
                query={
                    "whence": whence,
                    "offset": offset,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def fiemap(
        self,
        file: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
    ) -> Pending[models.FiemapResult]:
        """Starts FilesystemOperations.fiemap, which tells what it does and what it takes."""
        return self._start(
            Call[models.FiemapResult](
                "GET",
                ("v1", "filesystems", self.name, "files", file, "fiemap"),
                models.FiemapResult,
                query={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def fault(
        self,
        mapping: str,
        *,
        offset: int,
        access: models.PageAccess,
        length: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.FaultResult]:
        """Starts FilesystemOperations.fault, which tells what it does and what it takes."""
        return self._start(
            Call[models.FaultResult](
                "POST",
                ("v1", "filesystems", self.name, "mappings", mapping, "faults"),
                models.FaultResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "access": access,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def load(
        self,
        mapping: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
    ) -> Pending[bytes]:
        """Starts FilesystemOperations.load, which tells what it does and what it takes."""
        return self._start(
            Call[bytes](
                "GET",
                ("v1", "filesystems", self.name, "mappings", mapping, "memory"),
                bytes,
                accept="application/octet-stream",
                query={
                    "offset": offset,
                    "length": length,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def store(
        self,
        mapping: str,
        data: bytes,
        *,
        offset: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Pending[models.StoreResult]:
        """Starts FilesystemOperations.store, which tells what it does and what it takes."""
        return self._start(
            Call[models.StoreResult](
                "PUT",
                ("v1", "filesystems", self.name, "mappings", mapping, "memory"),
                models.StoreResult,
                query={
                    "offset": offset,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
                headers={"If-Match": if_match, "If-None-Match": if_none_match},
                data=data,
                data_type="application/octet-stream",
            )
        )

    def flush(
        self,
        mapping: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        how: Literal["clwb", "msync"] | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.FlushResult]:
        """Starts FilesystemOperations.flush, which tells what it does and what it takes."""
        return self._start(
            Call[models.FlushResult](
                "POST",
                ("v1", "filesystems", self.name, "mappings", mapping, "flush"),
                models.FlushResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "how": how,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )

    def pin(
        self,
        mapping: str,
        *,
        offset: int,
        length: int,
        access: models.PageAccess,
        longterm: bool | None = None,
        kind: models.PinKind | None = None,
        hwpoison: bool | None = None,
        hold_ms: int | None = None,
        owner: str | None = None,
        nowait: bool | None = None,
        timeout_ms: int | None = None,
        fail_on_deadlock: bool | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Pending[models.PinResult]:
        """Starts FilesystemOperations.pin, which tells what it does and what it takes."""
        return self._start(
            Call[models.PinResult](
                "POST",
                ("v1", "filesystems", self.name, "mappings", mapping, "pins"),
                models.PinResult,
                headers={
                    "If-Match": if_match,
                    "If-None-Match": if_none_match,
                    "Idempotency-Key": idempotency_key,
                },
                json={
                    "offset": offset,
                    "length": length,
                    "access": access,
                    "longterm": longterm,
                    "kind": kind,
                    "hwpoison": hwpoison,
                    "holdMs": hold_ms,
                    "owner": owner,
                    "nowait": nowait,
                    "timeoutMs": timeout_ms,
                    "failOnDeadlock": fail_on_deadlock,
                },
            )
        )
