"""Requests over http.client, with one connection for each thread."""

from __future__ import annotations

import json
import select
import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Mapping
from urllib.parse import urlencode, urlsplit

from .errors import Problem, Unreachable


@dataclass(frozen=True)
class Answer:
    """An answer of the server that is no problem."""

    status: int
    content_type: str
    body: bytes


def query_string(query: Mapping[str, Any]) -> str:
    """Arguments that are None are left out."""
    pairs = [(name, _text(value)) for name, value in query.items() if value is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    return str(value)


def problem_of(status: int, content_type: str, body: bytes) -> Problem:
    """The problem that an answer holds, or one that quotes it: a proxy may answer with HTML."""
    if content_type.startswith("application/problem+json"):
        return Problem(json.loads(body))
    detail = body[:500].decode("utf-8", "replace")
    return Problem({"status": status, "title": f"HTTP {status}", "detail": detail})


class Http:
    """The server at one URL, with one token."""

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"{url!r} is no URL of a server, such as http://127.0.0.1:8080")
        self.url = url.rstrip("/")
        self._class: type[HTTPConnection] = (
            HTTPSConnection if parts.scheme == "https" else HTTPConnection
        )
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._local = threading.local()

    def open(self, timeout: float | None = None) -> HTTPConnection:
        """A connection that nobody else uses."""
        return self._class(self._host, self._port, timeout=timeout or self._timeout)

    def send(
        self,
        connection: HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, Any],
        body: bytes | None = None,
    ) -> HTTPResponse:
        """Sends a request, and reads the head of the answer."""
        known = {name: str(value) for name, value in headers.items() if value is not None}
        if self._token is not None:
            known["Authorization"] = f"Bearer {self._token}"
        connection.request(method, f"{self._prefix}{target}", body=body, headers=known)
        return connection.getresponse()

    def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, Any],
        body: bytes | None = None,
        more_seconds: float = 0,
    ) -> Answer:
        """Sends a request and reads the answer. Raises Problem or Unreachable."""
        connection = self._reusable()
        try:
            connection.timeout = self._timeout + more_seconds
            if connection.sock is not None:
                connection.sock.settimeout(connection.timeout)
            response = self.send(connection, method, target, headers, body)
            content = response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            raise Unreachable(f"{method} {self.url}{target}: {error!r}") from error
        except BaseException:
            # Ctrl-C while an answer is on its way: the next request must not read it.
            connection.close()
            raise
        content_type = response.headers.get("Content-Type", "")
        if response.status >= 400:
            raise problem_of(response.status, content_type, content)
        return Answer(response.status, content_type, content)

    def _reusable(self) -> HTTPConnection:
        """The connection of this thread; a new one if the server has closed it meanwhile."""
        connection: HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self.open()
        elif connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()
        return connection

    def close(self) -> None:
        """Closes the connection of this thread. The next request opens another one."""
        connection: HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
