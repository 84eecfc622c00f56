"""The client: a server, and the filesystems on it."""

from __future__ import annotations

import os
from typing import Callable, Iterator, Literal, Protocol, Sequence, TypeVar

from ._http import Http
from .calls import Pending
from .events import Events
from .operations import FilesystemOperations, ServerOperations, StartedOperations

Item = TypeVar("Item", covariant=True)


class Page(Protocol[Item]):
    """One page of a list."""

    @property
    def items(self) -> Sequence[Item]:
        ...

    @property
    def next_page_token(self) -> str | None:
        ...


def every(page: Callable[[str | None], Page[Item]]) -> Iterator[Item]:
    """All items of a list, page by page: `every(lambda token: fs.get_pins(page_token=token))`."""
    token: str | None = None
    while True:
        answer = page(token)
        yield from answer.items
        token = answer.next_page_token
        if token is None:
            return


class Pinhole(ServerOperations):
    """A server.

    Without `url` it is that of the environment variable PINHOLE_URL, else the one on this machine
    at its usual port. Without a token it is the one in the file that PINHOLE_TOKEN_FILE names, if
    there is one; a server on loopback needs none. Each thread has a connection of its own.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        token_file: str | None = None,
        timeout: float = 60,
    ) -> None:
        url = url or os.environ.get("PINHOLE_URL") or "http://127.0.0.1:8080"
        file = token_file or os.environ.get("PINHOLE_TOKEN_FILE")
        if token is None and file is not None:
            with open(file, encoding="utf-8") as opened:
                token = opened.read().strip()
        super().__init__(Http(url, token, timeout))

    def fs(self, name: str) -> FilesystemClient:
        """The filesystem with this name. Nothing is sent."""
        return FilesystemClient(self._http, name)

    def events(
        self,
        from_: str = "now",
        *,
        types: Sequence[str] | None = None,
        follow: bool = True,
        on_gap: Literal["raise", "continue"] = "raise",
        give_up_after: float | None = 60,
    ) -> Events:
        """The events of all filesystems of the tenant.

        Args:
            from_: `now`, `oldest` or a cursor: the id of the last event that is known.
            types: Event types, or families of them: `pinhole.page.*`.
            follow: Waits for further events. Otherwise the iterator ends with the stored ones.
            on_gap: Whether to raise Gap, or to go on with the oldest event that is stored.
            give_up_after: For how many seconds the server may be away before Unreachable is
                raised; None for as long as it takes.
        """
        return Events(
            self._http,
            "/v1/events",
            {"types": types},
            cursor=from_,
            follow=follow,
            on_gap=on_gap,
            give_up_after=give_up_after,
        )

    def close(self) -> None:
        """Closes the connection of this thread. The next call opens another one."""
        self._http.close()

    def __enter__(self) -> Pinhole:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Pinhole {self._http.url}>"


class FilesystemClient(FilesystemOperations):
    """A filesystem. A method of an operation that can sleep waits for its end; one of `start` does not."""

    def __init__(self, http: Http, name: str) -> None:
        super().__init__(http, name)
        self.start = StartedOperations(http, name)
        """The same operations, only started: `fs.start.truncate(…)` gives a Pending."""

    def events(
        self,
        from_: str = "now",
        *,
        types: Sequence[str] | None = None,
        file: str | None = None,
        ino: int | None = None,
        offset: int | None = None,
        length: int | None = None,
        follow: bool = True,
        on_gap: Literal["raise", "continue"] = "raise",
        give_up_after: float | None = 60,
    ) -> Events:
        """The events of this filesystem.

        Args:
            from_: `now`, `oldest` or a cursor: the id of the last event that is known.
            types: Event types, or families of them: `pinhole.page.*`.
            file: Only events of the file that had this name when they happened.
            ino: Only events of this inode.
            offset: With length: hides events about other bytes of the file.
            length: See offset.
            follow: Waits for further events. Otherwise the iterator ends with the stored ones.
            on_gap: Whether to raise Gap, or to go on with the oldest event that is stored.
            give_up_after: For how many seconds the server may be away before Unreachable is
                raised; None for as long as it takes.
        """
        query = {"types": types, "file": file, "ino": ino, "offset": offset, "length": length}
        return Events(
            self._http,
            f"/v1/filesystems/{self.name}/events",
            query,
            cursor=from_,
            follow=follow,
            on_gap=on_gap,
            give_up_after=give_up_after,
        )

    def pending(self, operation: str) -> Pending[dict[str, object] | None]:
        """An operation that somebody else started, by its id."""
        return Pending(self._http, self.name, self.get_operation(operation), dict)

    def __repr__(self) -> str:
        return f"<FilesystemClient {self.name} on {self._http.url}>"
