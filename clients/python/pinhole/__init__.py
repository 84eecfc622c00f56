"""A client of Pinhole, the simulator of DAX filesystems on pmem.

    from pinhole import Pinhole

    pinhole = Pinhole("http://127.0.0.1:8080")
    pinhole.mkfs(name="scratch", size_bytes=64 << 20)
    fs = pinhole.fs("scratch")
    fs.create(name="a")
    fs.write("a", b"x" * 65536)
"""

from . import models
from .calls import Pending
from .client import FilesystemClient, Page, Pinhole, every
from .errors import Gap, PinholeError, Problem, StillWaiting, Unreachable
from .events import Events

__all__ = [
    "Events",
    "FilesystemClient",
    "Gap",
    "Page",
    "Pending",
    "Pinhole",
    "PinholeError",
    "Problem",
    "StillWaiting",
    "Unreachable",
    "every",
    "models",
]
