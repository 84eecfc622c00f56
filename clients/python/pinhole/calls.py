"""One call of the API: sent, waited for, and its answer as a value of Python."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field
from typing import Any, Generic, Mapping, TypeVar
from urllib.parse import quote

from . import models
from ._http import Answer, Http, query_string
from ._json import decode, encode
from .errors import PinholeError, Problem, StillWaiting

T = TypeVar("T")

_poll_seconds = 20
"""How long one request waits for the end of an operation, before the next one goes on."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and the type of its answer. What is None is not sent."""

    method: str
    path: tuple[str, ...]
    answer: Any
    accept: str = "application/json"
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    data: bytes | None = None
    data_type: str = "application/octet-stream"


class Caller:
    """Sends calls to one server."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def _answer(self, call: Call[T]) -> T:
        value: T = _value_of(call.answer, self._send(call))
        return value

    def _send(self, call: Call[Any], *, prefer: str | None = None, seconds: float = 0) -> Answer:
        target = "/" + "/".join(quote(part, safe="") for part in call.path)
        body, content_type = call.data, call.data_type
        if call.json is not None:
            body, content_type = json.dumps(encode(call.json)).encode(), "application/json"
        headers = {
            **call.headers,
            "Accept": call.accept,
            "Content-Type": None if body is None else content_type,
            "Prefer": prefer,
        }
        target += query_string(call.query)
        return self._http.request(call.method, target, headers, body, more_seconds=seconds)


def _value_of(to: Any, answer: Answer) -> Any:
    if to is bytes:
        return answer.body
    if to is str:
        return answer.body.decode()
    return decode(to, json.loads(answer.body))


class FilesystemCaller(Caller):
    """Sends calls about one filesystem."""

    def __init__(self, http: Http, name: str) -> None:
        super().__init__(http)
        self.name = name
        """The name of the filesystem."""

    def _done(self, call: Call[T], wait: float | None) -> T:
        """The result of an operation that may sleep."""
        deadline = _deadline(wait)
        seconds = _seconds_until(deadline)
        answer = self._send(call, prefer=f"wait={seconds}", seconds=seconds)
        if answer.status != 202:
            value: T = _value_of(call.answer, answer)
            return value
        return self._pending(call, answer).done(_left(deadline))

    def _pending(self, call: Call[T], answer: Answer) -> Pending[T]:
        record: models.Operation = _value_of(models.Operation, answer)
        return Pending(self._http, self.name, record, call.answer)


class Starter(FilesystemCaller):
    """Starts operations, and waits for none."""

    def _start(self, call: Call[T]) -> Pending[T]:
        answer = self._send(call, prefer="respond-async")
        if answer.status == 202:
            return self._pending(call, answer)
        ended: Pending[T] = Pending(self._http, self.name, None, call.answer)
        ended._ended_with(_value_of(call.answer, answer))
        return ended


class Pending(FilesystemCaller, Generic[T]):
    """An operation that was started. It runs, sleeps or has ended."""

    def __init__(
        self, http: Http, name: str, record: models.Operation | None, result: Any
    ) -> None:
        super().__init__(http, name)
        self._id = None if record is None else record.id
        self._result = result
        self._values: list[T] = []

    @property
    def id(self) -> str:
        """`op_…`, as in the wait graph and in events.

        A read that ended at once has none: its answer was the bytes, and the server keeps no
        record of it.
        """
        if self._id is None:
            raise PinholeError("the read ended at once, and the server has no record of it")
        return self._id

    def _ended_with(self, value: T) -> None:
        self._values.append(value)

    def record(self, wait: float = 0) -> models.Operation:
        """What the operation does now, what it sleeps on, and what blocks it.

        With `wait` the answer comes when the operation ends, or after that many seconds.
        """
        seconds = math.ceil(wait)
        call = Call[models.Operation]("GET", self._path(), models.Operation)
        answer = self._send(call, prefer=f"wait={seconds}", seconds=seconds)
        record: models.Operation = _value_of(models.Operation, answer)
        return record

    def done(self, wait: float | None = None) -> T:
        """Waits for the end, and gives the result.

        Raises Problem if the operation failed or was cancelled, and StillWaiting if it has not
        ended after `wait` seconds.
        """
        if self._values:
            return self._values[0]
        deadline = _deadline(wait)
        while True:
            record = self.record(_seconds_until(deadline))
            if record.state in ("failed", "cancelled"):
                if record.problem is None:
                    raise Problem({"title": record.state, "detail": f"{self.id} was cancelled."})
                raise Problem.of_operation(record.problem)
            if record.state == "done":
                return self._value(record)
            if _left(deadline) == 0:
                raise StillWaiting(self)

    def _value(self, record: models.Operation) -> T:
        if self._result is bytes:
            call = Call[T]("GET", self._path("content"), bytes, accept="application/octet-stream")
            return self._answer(call)
        value: T = decode(self._result, record.result)
        return value

    def cancel(self, *, restart: bool | None = None) -> models.CancelResult:
        """Sends a signal to the operation; `restart` is SA_RESTART."""
        call = Call[models.CancelResult](
            "POST", self._path("cancel"), models.CancelResult, json={"restart": restart}
        )
        return self._answer(call)

    def explain(self) -> models.Explanation:
        """Why the operation waits, who waits behind it, and what would end the wait."""
        return self._answer(
            Call[models.Explanation]("GET", self._path("explain"), models.Explanation)
        )

    def _path(self, *more: str) -> tuple[str, ...]:
        return ("v1", "filesystems", self.name, "operations", self.id, *more)

    def __repr__(self) -> str:
        return f"<Pending {self._id} of {self.name}>"


def _deadline(wait: float | None) -> float | None:
    return None if wait is None else time.monotonic() + wait


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _seconds_until(deadline: float | None) -> int:
    """`Prefer: wait` takes whole seconds."""
    left = _left(deadline)
    return _poll_seconds if left is None else min(_poll_seconds, math.ceil(left))
