"""Requests into segments, many at a time: while one write waits for the disk the next requests gather, and share the next write.

So a thousand small requests a second cost a few hundred fsyncs, and a client's answer still means that its spans are on the disk.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from botanu.exporters.quota import SpoolQuota
from botanu.exporters.segment import write_segment
from botanu_store.receiver.limits import MIB, Limits, Refusal, RefusedError
from botanu_store.receiver.messages import Encoding

_SEGMENT_BYTES = 16 * MIB
"""A write takes no more requests once it is this long."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    encoding: Encoding
    body: bytes
    written: asyncio.Future[None]


class SpoolWriter:
    """Writes requests into a spool folder; use it inside a running event loop."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._quota = SpoolQuota(folder, limits.spool_bytes)
        self._waiting: list[_Waiting] = []
        self._running: asyncio.Task[None] | None = None

    async def write(self, encoding: Encoding, body: bytes) -> None:
        """Return when the request is on the disk.

        Raises:
            RefusedError: too much waits already, or it cannot be written; nothing of it was kept.
        """
        if len(self._waiting) >= self._limits.requests:
            raise RefusedError(Refusal.BUSY, f"{self._limits.requests} requests are being written; try again")
        if not self._has_room(len(body)):
            raise RefusedError(
                Refusal.SPOOL_FULL,
                f"{self._limits.spool_bytes / MIB:,.0f} MiB wait for the store; try again when some have gone in",
            )
        waiting = _Waiting(encoding, body, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        await waiting.written

    async def finish(self) -> None:
        """Return when all that was taken is on the disk."""
        while self._running is not None:
            await asyncio.wait([self._running])

    def _has_room(self, size: int) -> bool:
        try:
            return self._quota.allows(size)
        except OSError as error:
            raise _unwritable(error) from error

    async def _run(self) -> None:
        try:
            while self._waiting:
                share = self._next_share()
                error = await asyncio.to_thread(_write, self._folder, share)
                for waiting in share:
                    _settle(waiting.written, error)
        finally:
            self._running = None

    def _next_share(self) -> list[_Waiting]:
        size, count = 0, 0
        while count < len(self._waiting) and (not count or size + len(self._waiting[count].body) <= _SEGMENT_BYTES):
            size += len(self._waiting[count].body)
            count += 1
        share, self._waiting = self._waiting[:count], self._waiting[count:]
        return share


def _settle(written: asyncio.Future[None], error: OSError | None) -> None:
    if written.done():
        return  # its client has gone
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(_unwritable(error))


def _unwritable(error: OSError) -> RefusedError:
    return RefusedError(Refusal.UNWRITABLE, f"the spool cannot be written: {error.strerror}")


def _write(folder: Path, share: Sequence[_Waiting]) -> OSError | None:
    written = list[Path]()
    try:
        for encoding, suffix, joined in (("json", ".jsonl", _lines), ("protobuf", ".pb", _frames)):
            bodies = [waiting.body for waiting in share if waiting.encoding == encoding]
            if bodies:
                written.append(write_segment(folder, joined(bodies), suffix))
    except OSError as error:
        for segment in written:
            with suppress(OSError):
                segment.unlink()
        return error
    return None


def _lines(documents: Sequence[bytes]) -> bytes:
    # Valid JSON has line breaks between tokens only, never inside a string.
    return b"".join(document.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n" for document in documents)


def _frames(messages: Sequence[bytes]) -> bytes:
    """Put a big-endian 32-bit length before each message, as the collector's file exporter does."""
    return b"".join(part for message in messages for part in (struct.pack(">I", len(message)), message))
