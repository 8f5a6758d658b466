"""The one road of a request, whichever transport brought it: examine, write, count."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Generator
from contextlib import contextmanager

from botanu_store.receiver.limits import Limits, Refusal, RefusedError
from botanu_store.receiver.messages import Encoding, Receipt, examine
from botanu_store.receiver.metrics import Metrics
from botanu_store.receiver.writer import SpoolWriter
from botanu_store.records import Signal
from botanu_store.spool import Spool

_log = logging.getLogger("botanu.receiver")


class Intake:
    """Takes requests into the spool of one store; what `take` has returned for is on the disk."""

    def __init__(self, spool: Spool, limits: Limits, token: str | None) -> None:
        self.spool = spool
        self.limits = limits
        self.metrics = Metrics(spool)
        self.stopping = False
        self._token = token.encode() if token is not None else None
        self._writer = SpoolWriter(spool.folder, limits)
        self._held = 0
        self._has_seen_metrics = False

    def admit(self, authorization: bytes | None) -> None:
        """Let a client pass.

        Raises:
            RefusedError: the receiver is stopping, or a token is set and the header does not bear it.
        """
        if self.stopping:
            raise RefusedError(Refusal.STOPPING, "the receiver is stopping")
        scheme, _, given = (authorization or b"").partition(b" ")
        # Compared in constant time, so that an answer's delay says nothing of the token.
        if self._token is not None and not (hmac.compare_digest(given, self._token) and scheme.lower() == b"bearer"):
            raise RefusedError(Refusal.UNAUTHORIZED, "send the receiver's token as `authorization: Bearer TOKEN`")

    @contextmanager
    def holding(self) -> Generator[Hold]:
        """Count the bytes of a request as held for the time of the block."""
        hold = Hold(self)
        try:
            yield hold
        finally:
            self._held -= hold.size

    def hold(self, size: int) -> None:
        """Count bytes more as held.

        Raises:
            RefusedError: all requests together are too large.
        """
        if self._held + size > self.limits.held_bytes:
            raise RefusedError(Refusal.BUSY, "too many bytes are being received; try again")
        self._held += size

    async def take(self, protocol: str, signal: Signal, encoding: Encoding, body: bytes) -> Receipt:
        """Return what the request holds once it is on the disk.

        Raises:
            RefusedError: it cannot be read or taken; nothing of it was kept.
        """
        started = time.perf_counter()
        receipt = examine(signal, encoding, body, self.limits.items)
        if signal == "metrics":
            self._leave_metrics()
        elif receipt.items:
            await self._writer.write(encoding, body)
        self.metrics.taken(protocol, signal, receipt.items, len(body), time.perf_counter() - started)
        return receipt

    async def finish(self) -> None:
        """Take no more, and return when all that was taken is on the disk."""
        self.stopping = True
        await self._writer.finish()

    def _leave_metrics(self) -> None:
        if not self._has_seen_metrics:
            self._has_seen_metrics = True
            _log.warning("A client sends metrics; they are accepted and dropped, for they hold nothing that costs.")


class Hold:
    """The bytes of one request."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.size = 0

    def add(self, size: int) -> None:
        """Count bytes more.

        Raises:
            RefusedError: this request, or all together, are too large.
        """
        self.check(self.size + size)
        self._intake.hold(size)
        self.size += size

    def check(self, size: int) -> None:
        """Look at the size that a request says it has.

        Raises:
            RefusedError: it is too large.
        """
        limit = self._intake.limits.body_bytes
        if size > limit:
            raise RefusedError(Refusal.TOO_LARGE, f"a request may have {limit:,} bytes, before and after decompression")
