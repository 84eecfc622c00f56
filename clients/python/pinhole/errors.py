"""What can go wrong. Every exception of this package is a PinholeError."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

if TYPE_CHECKING:
    from .calls import Pending
    from .models import OperationProblem


class PinholeError(Exception):
    """The parent of every exception of this package."""


class Problem(PinholeError):
    """The server refuses, or an operation failed (RFC 9457).

    `errno` is what a system call would have returned, such as "EBUSY"; None if there is none.
    `rule` is the id of the rule that applied: `pinhole.get_rule(problem.rule)` has its text.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = dict(body)
        """All fields of the problem, also those that have no attribute here."""
        self.type: str = body.get("type", "about:blank")
        self.title: str = body.get("title", "")
        self.status: int | None = body.get("status")
        """The status of the answer; None for the problem of an operation that failed."""
        self.detail: str = body.get("detail", "")
        self.instance: str | None = body.get("instance")
        self.errno: str | None = body.get("errno")
        self.rule: str | None = body.get("rule")
        self.blocked_by: list[dict[str, Any]] = body.get("blockedBy", [])
        """What blocks the operation: with EAGAIN for nowait, and with EBUSY."""
        self.cycle: list[str] = body.get("cycle", [])
        """With EDEADLK: the operations and what each waits for, in a circle."""
        self.fields: list[dict[str, Any]] = body.get("fields", [])
        """The fields of the body or the query that are wrong."""
        name = self.errno or self.title or str(self.status)
        super().__init__(f"{name} ({self.rule}): {self.detail}" if self.rule else
                         f"{name}: {self.detail}")

    @classmethod
    def of_operation(cls, problem: OperationProblem) -> Problem:
        """Why an operation failed, from its record."""
        from ._json import encode

        return cls(encode(problem))


class Unreachable(PinholeError, ConnectionError):
    """The server did not answer, or the connection broke before it did."""


class StillWaiting(PinholeError, TimeoutError):
    """The operation has not ended in the time that the caller gave it. It goes on."""

    def __init__(self, pending: Pending[Any]) -> None:
        super().__init__(f"{pending.id} has not ended; pending.done() waits on for it")
        self.pending = pending


class Gap(PinholeError):
    """Events were lost: those after `cursor` and before `oldest` are no longer stored."""

    def __init__(self, cursor: str, oldest: str | None) -> None:
        super().__init__(f"the events after {cursor} are no longer stored; {oldest} is the oldest")
        self.cursor = cursor
        self.oldest = oldest
        """A cursor to go on with; None if the server named none."""
