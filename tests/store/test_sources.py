"""Files and streams become pieces, whatever their compression and format."""

from __future__ import annotations

import gzip
import io
import json
import struct
from pathlib import Path

import pytest
import zstandard
from botanu_store.errors import InputError
from botanu_store.otlp import sources
from botanu_store.otlp.sources import PIECE_LIMIT, Piece, find_files, read_file, read_stream

from tests.store.builders import chat, document, lines, trace_id

DOCUMENT = json.dumps({"resourceSpans": []}).encode()


def pieces(data: bytes) -> list[Piece]:
    return list(read_stream(io.BytesIO(data), "test"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
def test_each_line_is_a_piece_and_says_where_it_was(pack: object) -> None:
    """JSON lines come out one by one with their line numbers, compressed or not; blank lines are no pieces."""
    data = DOCUMENT + b"\n\n" + DOCUMENT + b"\r\n"

    found = pieces(pack(data))  # type: ignore[operator]

    assert [(p.kind, p.where, p.data) for p in found] == [("json", "line 1", DOCUMENT), ("json", "line 3", DOCUMENT)]


def test_one_document_over_many_lines_is_one_piece() -> None:
    """Pretty-printed OTLP JSON is one document."""
    pretty = json.dumps({"resourceSpans": []}, indent=2).encode()

    found = pieces(pretty)

    assert [(p.kind, json.loads(p.data)) for p in found] == [("json", {"resourceSpans": []})]


def test_a_damaged_first_line_does_not_hide_the_others() -> None:
    """A file whose first line is torn still gives its other lines."""
    found = pieces(b'{"resourceSpans":[{"res\n' + DOCUMENT + b"\n")

    assert [p.where for p in found] == ["line 1", "line 2"]


def test_protobuf_frames_of_the_collector_are_told_from_a_bare_message() -> None:
    """The collector's file exporter frames messages with their length; a bare message is one piece."""
    message = b"\x0a\x02\x12\x00"
    framed = struct.pack(">I", len(message)) + message

    assert [(p.kind, p.data) for p in pieces(framed * 2)] == [("protobuf", message)] * 2
    assert [(p.kind, p.data) for p in pieces(message)] == [("protobuf", message)]


def test_an_empty_source_says_so() -> None:
    """Nothing at all, or nothing but white space, is a bad piece with the reason."""
    assert [(p.kind, p.reason) for p in pieces(b"")] == [("bad", "is empty")]
    assert pieces(b" \n \n") == []


def test_a_truncated_archive_gives_what_came_before_and_says_it_is_cut_short() -> None:
    """A gzip file that ends too early is named, not raised."""
    whole = gzip.compress((DOCUMENT + b"\n") * 20_000)

    found = pieces(whole[: len(whole) // 2])

    assert found[-1].kind == "bad"
    assert "cut short" in found[-1].reason


def test_a_decompression_bomb_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line longer than the limit is set aside unread, so a small archive cannot fill the memory."""
    monkeypatch.setattr(sources, "PIECE_LIMIT", 1000)

    found = pieces(gzip.compress(b'{"a":"' + b"0" * 1_000_000))

    assert [p.kind for p in found] == ["bad"]
    assert PIECE_LIMIT == 64 * 1024 * 1024


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_bomb_of_many_small_lines_is_refused(pack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that unpacks to hundreds of times its size is given up, however short its lines are."""
    monkeypatch.setattr(sources, "PIECE_LIMIT", 1 << 20)
    bomb = pack(b"{}\n" * 3_000_000)  # type: ignore[operator]

    found = pieces(bomb)

    assert len(found) < 2_000_000
    assert found[-1].kind == "bad"
    assert "unpacks to more than 500 times its size" in found[-1].reason


def test_what_compresses_well_is_no_bomb() -> None:
    """Spans that repeat each other in all but their numbers, the best case of real telemetry, stay far below the bound."""
    spans = [chat(trace_id()) for _ in range(20_000)]
    data = b"".join(lines(document(spans[i : i + 100])) for i in range(0, len(spans), 100))

    assert len(data) / len(zstandard.compress(data)) < sources.RATIO_LIMIT / 2


def test_frames_before_the_damage_are_kept() -> None:
    """A file of framed messages that is cut short, or has a length that cannot be, gives the messages before."""
    message = b"\x0a\x02\x12\x00"
    framed = struct.pack(">I", len(message)) + message

    short, long = pieces(framed * 3 + framed[:6]), pieces(framed * 3 + b"\xff\xff\xff\xff" + framed)

    assert [p.kind for p in short] == [p.kind for p in long] == ["protobuf"] * 3 + ["bad"]
    assert [p.where for p in short] == [f"offset {n}" for n in (0, 8, 16, 24)]


def test_framed_files_may_be_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for one message, not for the collector's whole file."""
    monkeypatch.setattr(sources, "PIECE_LIMIT", 1000)
    message = b"\x0a\x02\x12\x00" * 100
    framed = struct.pack(">I", len(message)) + message

    assert [p.kind for p in pieces(framed * 50)] == ["protobuf"] * 50


def test_a_folder_gives_its_otlp_files_in_order(tmp_path: Path) -> None:
    """Folders are searched for names that OTLP files have, compressed ones too."""
    for name in ("b.jsonl", "a/c.pb.gz", "notes.txt", "d.json.zst"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(DOCUMENT)

    assert [p.name for p in find_files([tmp_path])] == ["c.pb.gz", "b.jsonl", "d.json.zst"]


def test_a_missing_path_and_a_folder_without_files_name_the_way_out(tmp_path: Path) -> None:
    """What cannot be found is an input error that names the path."""
    with pytest.raises(InputError, match="does not exist"):
        find_files([tmp_path / "nowhere"])
    with pytest.raises(InputError, match="holds no"):
        find_files([tmp_path])


def test_an_unreadable_file_is_a_bad_piece(tmp_path: Path) -> None:
    """A file that cannot be opened is named and the others go on."""
    found = list(read_file(tmp_path / "gone.jsonl"))

    assert [(p.kind, p.source) for p in found] == [("bad", str(tmp_path / "gone.jsonl"))]
