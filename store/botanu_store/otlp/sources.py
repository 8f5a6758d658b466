"""Files, folders and streams of OTLP as pieces: JSON documents and protobuf messages, decompressed, bounded in size, each with its place.

A piece that is too long or cut short is yielded as bad, with the reason, and the rest of the source goes on.
"""

from __future__ import annotations

import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

import orjson
import zstandard

from botanu_store.errors import InputError

PIECE_LIMIT = 64 * 1024 * 1024
"""Bytes of one JSON document or protobuf message; a longer one is set aside unread."""

RATIO_LIMIT = 500
"""How many times its size a compressed source may unpack to, once it has unpacked to more than `PIECE_LIMIT`; real spans make
20, made-up ones with numbered ids 200, bombs 1,000 and more."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_NAMES = (".json", ".jsonl", ".ndjson", ".pb", ".proto", ".bin", ".otlp")
_READ = 1 << 20

_SURROGATE = re.compile(rb"\\u[dD]")
"""What any of them begins with: this is found in a fifth of the time that `in` takes."""

_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Escaped backslashes, so that none is taken for the beginning of another escape; whole pairs; and, as a group, halves."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One OTLP document or message, or what is wrong with it."""

    kind: Literal["json", "protobuf", "bad", "refused"]
    """Bad: there is nothing to decode. Refused: decoding or what follows it failed, though nothing seems wrong with the data."""
    data: bytes
    source: str
    where: str
    """Line or byte offset within the source."""
    reason: str = ""


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files named, and those with an OTLP-like name below the folders named.

    Raises:
        InputError: a path does not exist, or a folder holds no such file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and _looks_like_otlp(p))
            if not inside:
                raise InputError(
                    f"{path} holds no {', '.join(_NAMES)} file (gzip and zstd too). Name the files themselves."
                )
            found.extend(inside)
        elif path.exists():
            found.append(path)
        else:
            raise InputError(f"{path} does not exist. Check the path.")
    return found


def read_file(path: Path) -> Iterator[Piece]:
    """Yield the pieces of one file, or a single bad piece that says why it cannot be read."""
    try:
        yield from read_segment(path)
    except OSError as error:
        yield Piece("bad", b"", str(path), "start", f"cannot be read: {error.strerror or error}")


def read_segment(path: Path) -> Iterator[Piece]:
    """Yield the pieces of one segment.

    Raises:
        OSError: it cannot be read, which says nothing of what it holds.
    """
    with path.open("rb") as raw:
        yield from read_stream(raw, str(path))


def read_stdin() -> Iterator[Piece]:
    """Yield the pieces of standard input."""
    yield from read_stream(sys.stdin.buffer, "standard input")


def read_stream(raw: IO[bytes], source: str) -> Iterator[Piece]:
    """Yield the pieces of an open binary stream, whatever its compression and format."""
    stream = _decompressed(raw)
    try:
        head = stream.peek(1)
        if not head:
            yield Piece("bad", b"", source, "start", "is empty")
        elif _looks_like_json(head):
            yield from _json_pieces(stream, source)
        else:
            yield from _protobuf_pieces(stream, source)
    except (gzip.BadGzipFile, EOFError, zlib.error, zstandard.ZstdError) as error:
        yield Piece("bad", b"", source, "end", f"is cut short or damaged: {error}")
    except _BombError:
        reason = f"unpacks to more than {RATIO_LIMIT} times its size; what follows was left out"
        yield Piece("bad", b"", source, "end", reason)


def _looks_like_json(head: bytes) -> bool:
    # A protobuf message may begin with a line feed (field 1), but what follows it is no brace.
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return not begins or begins[:1] in (b"{", b"[")


def mended(document: bytes) -> bytes:
    """Return a JSON document with a replacement character for each half of an escaped pair, which cut texts have and no parser reads."""
    if not _SURROGATE.search(document):
        return document
    return _SURROGATES.sub(lambda found: b"\\ufffd" if found[1] else found[0], document)


class _BombError(Exception):
    """A source unpacks to far more than it is."""


class _Counted(io.RawIOBase):
    """A raw view of any binary stream that counts what was read; unpacked from another one, it must keep to the ratio."""

    def __init__(self, raw: IO[bytes], packed: _Counted | None = None) -> None:
        self._raw = raw
        self._packed = packed
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        if self._packed and self.count > max(PIECE_LIMIT, RATIO_LIMIT * self._packed.count):
            raise _BombError
        return len(data)


def _decompressed(raw: IO[bytes]) -> io.BufferedReader:
    packed = _Counted(raw)
    stream: io.BufferedReader = io.BufferedReader(packed, _READ)
    magic = stream.peek(4)
    if magic.startswith(_GZIP):
        return io.BufferedReader(_Counted(cast("IO[bytes]", gzip.GzipFile(fileobj=stream)), packed), _READ)
    if magic.startswith(_ZSTD):
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(stream, read_across_frames=True)
        return io.BufferedReader(_Counted(cast("IO[bytes]", reader), packed), _READ)
    return stream


def _json_pieces(stream: io.BufferedReader, source: str) -> Iterator[Piece]:
    number = 0
    while line := stream.readline(PIECE_LIMIT + 1):
        number += 1
        if len(line) > PIECE_LIMIT:
            yield Piece(
                "bad",
                b"",
                source,
                f"line {number}",
                f"is longer than {PIECE_LIMIT >> 20} MiB; it and what follows was left out",
            )
            return
        text = _bare(line)
        if not text:
            continue
        if number == 1 and not _is_document(text):
            yield from _whole_document(line, stream, source)
            return
        yield Piece("json", text, source, f"line {number}")


def _whole_document(first: bytes, stream: io.BufferedReader, source: str) -> Iterator[Piece]:
    # A first line that is no document by itself: one document over many lines, or a damaged first line.
    rest = stream.read(PIECE_LIMIT + 1)
    if len(rest) <= PIECE_LIMIT and _is_document(first + rest):
        yield Piece("json", _bare(first + rest), source, "line 1")
        return
    if len(rest) > PIECE_LIMIT:
        yield Piece(
            "bad",
            first,
            source,
            "line 1",
            f"is no JSON document, nor is the whole of the first {PIECE_LIMIT >> 20} MiB",
        )
        return
    for number, line in enumerate((first + rest).split(b"\n"), start=1):
        text = _bare(line)
        if text:
            yield Piece("json", text, source, f"line {number}")


def _bare(text: bytes) -> bytes:
    """A document without what may stand around it."""
    return mended(text.strip(b"\xef\xbb\xbf \t\r\n\x00"))


def _is_document(text: bytes) -> bool:
    try:
        orjson.loads(_bare(text))
    except orjson.JSONDecodeError:
        return False
    return True


def _protobuf_pieces(stream: io.BufferedReader, source: str) -> Iterator[Piece]:
    # The collector's file exporter puts a big-endian 32-bit length before each message. A length within the limit begins with a byte
    # that no message begins with: that would be a field number of 0.
    if stream.peek(1)[0] <= PIECE_LIMIT >> 24:
        yield from _framed_pieces(stream, source)
        return
    data = stream.read(PIECE_LIMIT + 1)
    if len(data) > PIECE_LIMIT:
        yield Piece("bad", b"", source, "start", f"is one message longer than {PIECE_LIMIT >> 20} MiB")
    else:
        yield Piece("protobuf", data, source, "offset 0")


def _framed_pieces(stream: io.BufferedReader, source: str) -> Iterator[Piece]:
    offset = 0
    while header := stream.read(4):
        length = int.from_bytes(header, "big")
        if length > PIECE_LIMIT:
            reason = f"is one message longer than {PIECE_LIMIT >> 20} MiB, or damaged; it and what follows was left out"
            yield Piece("bad", b"", source, f"offset {offset}", reason)
            return
        message = stream.read(length)
        if len(header) < 4 or len(message) < length:
            yield Piece("bad", message, source, f"offset {offset}", "is cut short")
            return
        if message:
            yield Piece("protobuf", message, source, f"offset {offset}")
        offset += 4 + length


def _looks_like_otlp(path: Path) -> bool:
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    return name.endswith(_NAMES)
