"""A built server for the tests, and the closing line that .ci/run counts."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from pinhole import FilesystemClient, Pinhole

root = Path(__file__).resolve().parents[3]


class Server:
    """`dist/main.js` as a process of its own. It can be killed and started again."""

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self._port = "0"
        self.start()

    def start(self) -> None:
        command = ["node", str(root / "dist/main.js"), "serve", "--port", self._port, *self._flags]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if '"msg":"listening"' in line:
                self.url: str = json.loads(line)["url"]
                self._port = self.url.rsplit(":", 1)[1]
                return
        raise AssertionError("the server ended before it listened")

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(how)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    server = Server("--volatile")
    yield server
    server.end()


@pytest.fixture
def pinhole(server: Server) -> Iterator[Pinhole]:
    with Pinhole(server.url) as client:
        yield client


@pytest.fixture
def fs(pinhole: Pinhole, request: pytest.FixtureRequest) -> Iterator[FilesystemClient]:
    """A filesystem with the file `a` of 64 KiB; its clock moves only by hand."""
    name = request.node.name[:60].replace("[", "-").replace("]", "")
    pinhole.mkfs(name=name, size_bytes=1 << 20, clock="manual")
    client = pinhole.fs(name)
    client.create(name="a")
    client.write("a", b"x" * 65536)
    yield client
    client.umount(force=True)


_counts = {"passed": 0, "failed": 0, "skipped": 0}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # A fixture that fails counts, too; one that works does not.
    if report.when == "call" or report.outcome != "passed":
        _counts[report.outcome] += 1


def pytest_unconfigure(config: pytest.Config) -> None:
    more = f", {_counts['skipped']} skipped" if _counts["skipped"] else ""
    print(f"{_counts['passed']} passed, {_counts['failed']} failed{more}")
