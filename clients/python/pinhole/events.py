"""The event log of a filesystem or of all filesystems of a tenant, as an iterator.

It polls for lines of JSON with `Prefer: wait`: the server answers as soon as there is an event,
with all that are stored. The position is the only state, so a connection that breaks and a server
that starts again cost a request and no event.
"""

from __future__ import annotations

import json
import random
import time
from http.client import HTTPException
from typing import Any, Generator, Iterator, Literal, Mapping

from ._http import Http, problem_of, query_string
from ._json import decode
from .errors import Gap, Problem, Unreachable
from .models import Event

_poll_seconds = 20
_pause_seconds = (0.05, 2.0)
"""The first and the longest pause before another attempt; it doubles, and is drawn at random."""


class Events(Iterator[Event]):
    """Every event once and in order. `cursor` is the position after the last one."""

    def __init__(
        self,
        http: Http,
        target: str,
        query: Mapping[str, Any],
        *,
        cursor: str,
        follow: bool,
        on_gap: Literal["raise", "continue"],
        give_up_after: float | None,
    ) -> None:
        self.cursor = cursor
        """Pass it as `from_` to go on from here, also in another process."""
        self._http = http
        self._target = target
        self._query = dict(query)
        self._follow = follow
        self._on_gap = on_gap
        self._give_up_after = give_up_after
        # `now` is the time of this call, and not that of the first event that is asked for.
        self._early = list(self._poll(0)) if cursor == "now" else []
        self._events = self._read()

    def __next__(self) -> Event:
        return next(self._events)

    def close(self) -> None:
        """Ends the iterator, and the connection that it has."""
        self._events.close()

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> Generator[Event, None, None]:
        yield from self._early
        attempts = 0
        reached = time.monotonic()
        while True:
            try:
                yield from self._poll(_poll_seconds if self._follow else 0)
            except Unreachable as error:
                failure: Exception = error
            except Problem as problem:
                if problem.status not in (429, 502, 503, 504):
                    raise
                failure = problem
            else:
                if not self._follow:
                    return
                attempts, reached = 0, time.monotonic()
                continue
            waited = time.monotonic() - reached
            if self._give_up_after is not None and waited >= self._give_up_after:
                raise failure
            attempts += 1
            first, longest = _pause_seconds
            time.sleep(random.uniform(0.5, 1) * min(longest, first * 2**attempts))

    def _poll(self, seconds: int) -> Iterator[Event]:
        """The events that are stored after the cursor; waits for one if there is none."""
        target = self._target + query_string({**self._query, "from": self.cursor})
        headers = {"Accept": "application/x-ndjson", "Prefer": f"wait={seconds}"}
        connection = self._http.open(seconds + 30)
        try:
            response = self._http.send(connection, "GET", target, headers)
            if response.status >= 400:
                self._refused(problem_of(
                    response.status, response.headers.get("Content-Type", ""), response.read()
                ))
                return
            for line in response:
                yield from self._message(json.loads(line))
        except (OSError, HTTPException, json.JSONDecodeError) as error:
            # A line that was cut off is no JSON; what it held comes again after the cursor.
            raise Unreachable(f"GET {self._http.url}{target}: {error!r}") from error
        finally:
            connection.close()

    def _message(self, message: Mapping[str, Any]) -> Iterator[Event]:
        kind = message["type"]
        if kind == "event":
            for one in message["events"]:
                event: Event = decode(Event, one)
                self.cursor = event.id
                yield event
        if kind == "gap":
            self._lost(message.get("oldest"))
        elif kind == "error":
            raise Problem(message["problem"])
        elif "cursor" in message:
            self.cursor = message["cursor"]

    def _refused(self, problem: Problem) -> None:
        if problem.body.get("oldest") is None:
            raise problem
        self._lost(problem.body["oldest"])

    def _lost(self, oldest: str | None) -> None:
        if self._on_gap == "raise" or oldest is None:
            raise Gap(self.cursor, oldest)
        self.cursor = oldest
