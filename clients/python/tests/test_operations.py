"""Calls, operations that sleep, problems and lists."""

from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pinhole import (
    FilesystemClient,
    Pending,
    Pinhole,
    PinholeError,
    Problem,
    StillWaiting,
    Unreachable,
    every,
    models,
)


def pin_of(fs: FilesystemClient) -> models.PinResult:
    mapping = fs.mmap("a", offset=0, length=65536, access="read-write")
    return fs.pin(mapping.id, offset=0, length=4096, access="write", owner="device")


def test_bytes_are_written_and_read(fs: FilesystemClient) -> None:
    assert fs.write("a", b"hello", offset=10).bytes_written == 5
    assert fs.read("a", offset=8, length=9) == b"xxhelloxx"
    assert len(fs.read("a")) == 65536
    mapping = fs.mmap("a", offset=0, length=65536, access="read-write")
    assert fs.store(mapping.id, b"\x00\xff", offset=0).bytes_stored == 2
    assert fs.load(mapping.id, offset=0, length=3) == b"\x00\xffx"
    pin = fs.pin(mapping.id, offset=0, length=4096, access="write")
    fs.dma_write(pin.id, b"dma", offset=0)
    assert fs.dma_read(pin.id, offset=0, length=4) == b"dmax"
    fs.unpin(pin.id)
    assert fs.write("a", b"whole").size_bytes == 5


def test_a_truncate_sleeps_until_the_page_is_released(fs: FilesystemClient) -> None:
    pin = pin_of(fs)
    truncate = fs.start.truncate("a", size_bytes=0)
    record = truncate.record()
    assert record.state == "sleeping"
    assert record.sleeping_on is not None and record.sleeping_on.page is not None
    assert [(one.pin, one.owner) for one in record.blocked_by] == [(pin.id, "device")]
    assert truncate.explain().released is not None
    with pytest.raises(StillWaiting) as waiting:
        truncate.done(wait=0)
    assert waiting.value.pending is truncate
    fs.unpin(pin.id)
    assert truncate.done().blocks_freed == 16
    assert fs.get_file("a").size_bytes == 0


def test_a_call_that_waits_takes_no_longer_than_it_may(fs: FilesystemClient) -> None:
    pin = pin_of(fs)
    with pytest.raises(StillWaiting) as waiting:
        fs.truncate("a", size_bytes=0, wait=0)
    with ThreadPoolExecutor() as pool:
        result = pool.submit(waiting.value.pending.done)
        fs.unpin(pin.id)
        assert isinstance(result.result(timeout=60), models.BlocksResult)


def test_a_cancelled_operation_raises_its_problem(fs: FilesystemClient) -> None:
    pin_of(fs)
    truncate = fs.start.truncate("a", size_bytes=0)
    assert truncate.cancel().signalled
    with pytest.raises(Problem) as problem:
        truncate.done()
    assert problem.value.errno == "EINTR"
    other = fs.pending(truncate.id)
    assert other.record().state == "cancelled"


def test_a_read_that_was_started_gives_its_bytes(fs: FilesystemClient) -> None:
    # It ends at once, so the server answers with the bytes and keeps no record.
    read: Pending[bytes] = fs.start.read("a", offset=0, length=4)
    assert read.done() == b"xxxx"
    with pytest.raises(PinholeError, match="no record"):
        read.record()
    # It waits for the lock of the truncate.
    pin = pin_of(fs)
    truncate = fs.start.truncate("a", size_bytes=8192)
    sleeping = fs.start.read("a", offset=0, length=4)
    assert sleeping.record().state == "sleeping"
    fs.unpin(pin.id)
    assert (sleeping.done(), truncate.done().size_bytes) == (b"xxxx", 8192)


def test_a_refusal_has_errno_rule_and_what_blocks(pinhole: Pinhole, fs: FilesystemClient) -> None:
    pin = pin_of(fs)
    with pytest.raises(Problem) as refused:
        fs.truncate("a", size_bytes=0, nowait=True)
    assert (refused.value.errno, refused.value.status) == ("EAGAIN", 409)
    assert [one["pin"] for one in refused.value.blocked_by] == [pin.id]
    with pytest.raises(Problem) as longterm:
        fs.pin(pin.mapping, offset=0, length=4096, access="write", kind="rdma", longterm=True)
    assert longterm.value.errno == "EOPNOTSUPP"
    assert longterm.value.rule is not None
    assert "FOLL_LONGTERM" in pinhole.get_rule(longterm.value.rule).text
    assert longterm.value.rule in str(longterm.value)
    with pytest.raises(Problem) as wrong:
        fs.truncate("a", size_bytes=-1)
    assert [one["field"] for one in wrong.value.fields] == ["sizeBytes"]


def test_conditions_and_keys_are_sent(pinhole: Pinhole, fs: FilesystemClient) -> None:
    with pytest.raises(Problem) as stale:
        fs.truncate("a", size_bytes=0, if_match='"another"')
    assert stale.value.status == 412
    first = pinhole.mkfs(name="keyed", size_bytes=1 << 20, idempotency_key="k1")
    assert pinhole.mkfs(name="keyed", size_bytes=1 << 20, idempotency_key="k1") == first
    pinhole.fs("keyed").umount()


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        Pinhole("http://127.0.0.1:1").livez()
    with pytest.raises(ValueError, match="no URL"):
        Pinhole("127.0.0.1:8080")


def test_names_are_escaped(fs: FilesystemClient) -> None:
    with pytest.raises(Problem) as problem:
        fs.get_file("a/../b?c")
    assert problem.value.status in (400, 404)
    assert "/content" not in (problem.value.instance or "")


def test_a_list_is_read_page_by_page(fs: FilesystemClient) -> None:
    names = {"a", *(f"f{number}" for number in range(7))}
    for name in names - {"a"}:
        fs.create(name=name)
    pages: list[str | None] = []

    def page(token: str | None) -> models.Files:
        pages.append(token)
        return fs.get_files(page_size=3, page_token=token)

    assert {one.name for one in every(page)} == names
    assert len(pages) == 3


def test_a_filesystem_begins_as_a_fork_a_story_or_a_bundle(
    pinhole: Pinhole, fs: FilesystemClient
) -> None:
    truncate = fs.start.truncate("a", size_bytes=0)
    truncate.done()
    moment = models.OperationMoment(operation=truncate.id, when="submitted")
    pinhole.mkfs(name="fork", from_=models.Fork(filesystem=fs.name, at=moment, before=True))
    assert pinhole.fs("fork").get_file("a").size_bytes == 65536
    story = pinhole.mkfs(name="story", story="S01", strategy="busy-extents")
    assert (story.scheduler, story.strategy["name"]) == ("stepped", "busy-extents")
    pinhole.mkfs_from_bundle(fs.get_bundle(), name="copy")
    assert pinhole.fs("copy").get_file("a").size_bytes == 0
    for name in ("fork", "story", "copy"):
        pinhole.fs(name).umount(force=True)


def test_commands_are_compared_under_strategies(pinhole: Pinhole) -> None:
    comparison = pinhole.compare(
        mkfs=models.CompareMkfs(kind="xfs"),
        commands=[
            models.CreateCommand(args=models.CreateCommandArgs(name="a", size_bytes=8192)),
            models.TruncateCommand(
                on=models.OnFile(file="a"), args=models.TruncateCommandArgs(size_bytes=0)
            ),
        ],
        strategies=["break-layouts", {"name": "wait-for-refs", "newRefs": "fail"}],
    )
    assert [one.strategy for one in comparison.strategies] == ["break-layouts", "wait-for-refs"]
    assert [one.outcome for one in comparison.strategies[0].operations] == ["done", "done"]
    assert comparison.strategies[1].options["newRefs"] == "fail"


def test_the_options_of_a_strategy_are_arguments(fs: FilesystemClient) -> None:
    assert fs.set_strategy(name="wait-for-refs", newRefs="fail")["newRefs"] == "fail"
    assert fs.get_strategy()["name"] == "wait-for-refs"


def needs_nothing(method: Any) -> bool:
    return all(
        one.default is not inspect.Parameter.empty
        for one in inspect.signature(method).parameters.values()
    )


def test_every_view_can_be_read(pinhole: Pinhole, fs: FilesystemClient) -> None:
    pin = pin_of(fs)
    assert fs.get_mapping(pin.mapping).page_table[0].pgoff == 0
    truncate = fs.start.truncate("a", size_bytes=0)
    read = 0
    for thing in (pinhole, fs):
        for name, method in inspect.getmembers(thing, inspect.ismethod):
            shows = name.startswith(("get_", "list_", "capabilities", "index"))
            # Only a stepped filesystem has choices.
            if shows and needs_nothing(method) and name != "get_choices":
                assert method() is not None
                read += 1
    assert read >= 20
    assert fs.get_pin(pin.id).pages[0].pfn is not None
    assert fs.get_extents("a").extents[0].state == "written"
    assert "digraph" in fs.get_wait_graph_text(format="dot")
    assert [one.operation for one in fs.get_waitqueues().pages[0].waiters] == [truncate.id]
    story = pinhole.get_story("S01")
    assert story.id == "S01" and story.commands[0]["op"]
    fs.unpin(pin.id)
    truncate.done()


def test_threads_share_a_client(pinhole: Pinhole, fs: FilesystemClient) -> None:
    def work(number: int) -> bytes:
        fs.create(name=f"t{number}")
        fs.write(f"t{number}", bytes([number]) * 100)
        return fs.read(f"t{number}")

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(24)))
    assert results == [bytes([number]) * 100 for number in range(24)]
