"""The event iterator: order, filters, gaps, and a server that is killed."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
from conftest import Server

from pinhole import FilesystemClient, Gap, Pinhole, Problem, Unreachable, models


def numbers(events: list[models.Event]) -> list[int]:
    return [event.seq for event in events]


def test_stored_events_come_once_and_in_order(fs: FilesystemClient) -> None:
    events = list(fs.events(from_="oldest", follow=False))
    assert numbers(events) == list(range(events[0].seq, events[0].seq + len(events)))
    assert events[-1].type == "pinhole.operation.done"
    assert events[-1].op == "write"
    rest = list(fs.events(from_=events[3].id, follow=False))
    assert rest == events[4:]


def test_now_is_when_the_iterator_was_made(fs: FilesystemClient) -> None:
    events = fs.events()
    fs.create(name="b")
    fs.create(name="c")
    with events:
        created = [next(events), next(events)]
    assert [event.subject for event in created] == ["files/b", "files/c"]
    assert created[1].id == events.cursor


def test_a_filter_hides_and_the_position_moves_on(fs: FilesystemClient) -> None:
    fs.truncate("a", size_bytes=0)
    types = {event.type for event in fs.events("oldest", types=["pinhole.file.*"], follow=False)}
    assert types == {"pinhole.file.created", "pinhole.file.resized"}
    hidden = fs.events("oldest", types=["pinhole.deadlock.detected"], follow=False)
    assert list(hidden) == []
    assert list(fs.events(hidden.cursor, follow=False)) == []


def test_all_filesystems_of_the_tenant(pinhole: Pinhole, fs: FilesystemClient) -> None:
    events = pinhole.events(types=["pinhole.file.created"])
    fs.create(name="b")
    with events:
        assert next(events).source == f"/v1/filesystems/{fs.name}"


def test_a_wrong_filter_is_a_problem(fs: FilesystemClient) -> None:
    with pytest.raises(Problem) as problem:
        next(fs.events("oldest", types=["pinhole.no.such"]))
    assert problem.value.status == 400


def test_lost_events_are_a_gap_or_skipped() -> None:
    server = Server("--volatile", "--ring-events-max", "1024")
    try:
        pinhole = Pinhole(server.url)
        pinhole.mkfs(name="scratch", size_bytes=1 << 20)
        fs = pinhole.fs("scratch")
        fs.create(name="a")
        first = next(fs.events("oldest"))
        for number in range(600):
            fs.write("a", b"x", offset=number)
        with pytest.raises(Gap) as gap:
            next(fs.events(first.id))
        assert gap.value.cursor == first.id
        assert gap.value.oldest is not None
        stored = list(fs.events(gap.value.oldest, follow=False))
        assert stored[-1].op == "write"
        continued = fs.events(first.id, follow=True, on_gap="continue")
        with continued:
            assert next(continued).seq > first.seq + 1
        with pytest.raises(Gap):
            list(fs.events("ffffffffffffffffff.1", follow=False))
    finally:
        server.end()


def test_a_reader_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    server = Server("--data-dir", str(tmp_path / "data"))
    pinhole = Pinhole(server.url)
    pinhole.mkfs(name="scratch", size_bytes=1 << 20)
    fs = pinhole.fs("scratch")
    seen: list[models.Event] = []
    failures: list[BaseException] = []
    events = fs.events(types=["pinhole.file.created"], give_up_after=None)

    def read() -> None:
        try:
            for event in events:
                seen.append(event)
                if event.subject == "files/last":
                    return
        except BaseException as failure:
            failures.append(failure)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    made: list[str] = []
    try:
        for kill in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            for _ in range(5):
                made.append(f"f{len(made)}")
                fs.create(name=made[-1])
            server.end(kill)
            server.start()
        fs.create(name="last")
        reader.join(timeout=300)
    finally:
        server.end()
    assert failures == []
    assert [event.subject for event in seen] == [f"files/{name}" for name in (*made, "last")]
    assert len({event.id for event in seen}) == len(seen)


def test_a_server_that_stays_away_is_unreachable() -> None:
    server = Server("--volatile")
    pinhole = Pinhole(server.url)
    pinhole.mkfs(name="scratch", size_bytes=1 << 20)
    events = pinhole.fs("scratch").events(give_up_after=0)
    server.end()
    with pytest.raises(Unreachable):
        next(events)
