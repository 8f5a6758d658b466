"""What `botanu doctor` looks at: each check says how things stand and, where they stand badly, what to do."""

from __future__ import annotations

import os
import socket
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from botanu_store.errors import InputError, StoreError
from botanu_store.spool import Spool
from botanu_store.store import Store, open_store

from botanu_cli import text
from botanu_cli.budgets.read import read_budgets
from botanu_cli.configuration import overrides, read, trace_url, values

State = Literal["ok", "note", "fault"]

_RECORDING = {
    "opentelemetry.sdk": "opentelemetry-sdk",
    "opentelemetry.exporter.otlp.proto.http": "the OTLP exporter",
    "orjson": "orjson",
}
_FRAMEWORKS = ("langchain", "llama_index", "openai_agents", "pydantic_ai", "crewai", "smolagents", "strands")
_CLIENTS = (
    "openai",
    "openai_v2",
    "anthropic",
    "google_genai",
    "google_generativeai",
    "vertexai",
    "bedrock",
    "mistralai",
    "cohere",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name, how it stands, what was found, and what to do about it."""

    check: str
    state: State
    found: str
    advice: str = ""


def findings(store: str, config: Path | None = None) -> Iterator[Finding]:
    """Run every check on this machine, this store and these settings."""
    yield _sdk()
    yield _collector()
    yield _settings(config)
    if "://" not in store:
        yield _spool(Path(store))
    yield from _store(store)
    yield from _instrumentations()


def _sdk() -> Finding:
    missing = [name for module, name in _RECORDING.items() if not _is_there(module)]
    if missing:
        return Finding("SDK", "fault", f"{', '.join(missing)} not installed", 'pip install "botanu[sdk]"')
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return Finding("SDK", "fault", "OTEL_SDK_DISABLED is true: nothing is recorded", "Unset it.")
    return Finding("SDK", "ok", "can record and export")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _collector() -> Finding:
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if not endpoint:
        return Finding(
            "Collector",
            "note",
            "none configured in the environment",
            "Fine with a local store; else set OTEL_EXPORTER_OTLP_ENDPOINT.",
        )
    parts = urlsplit(endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    place = f"{parts.hostname}:{port}"
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=1):
            return Finding("Collector", "ok", f"{place} accepts connections")
    except OSError as error:
        return Finding(
            "Collector",
            "fault",
            f"{place} cannot be reached ({error})",
            "Start the collector, or correct OTEL_EXPORTER_OTLP_ENDPOINT.",
        )


def _settings(config: Path | None) -> Finding:
    try:
        found = read(config)
        if found is None:
            return Finding("Settings", "ok", "none: published prices, no budgets")
        overrides(config)
        values(config)
        trace_url(config)
        budgets = read_budgets(found)
    except InputError as error:
        return Finding("Settings", "fault", str(error))
    return Finding("Settings", "ok", f"{found.path} can be used, {text.counted(len(budgets), 'budget')}")


def _spool(store: Path) -> Finding:
    spool = Spool(store)
    folder = spool.folder if spool.folder.exists() else spool.folder.parent
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".botanu-doctor-"):
            pass
    except OSError as error:
        return Finding(
            "Spool",
            "fault",
            f"{folder} cannot be written ({error.strerror})",
            "Change its permissions or free the disk, or name another store.",
        )
    lost, rejected = spool.lost(), len(spool.rejected())
    if lost["spans"]:
        return Finding(
            "Spool",
            "fault",
            f"programs had to drop {lost['spans']:,} spans",
            "Look at the reasons in dropped-*.json: the disk, or store_max_bytes.",
        )
    if lost["not_sent"]:
        return Finding(
            "Spool",
            "note",
            f"{lost['not_sent']:,} spans are here but did not reach the OTLP endpoint",
            "Check the collector.",
        )
    if rejected:
        return Finding(
            "Spool",
            "note",
            f"{text.counted(rejected, 'part')} could not be read",
            f"They are in {spool.folder / 'rejected'}, each with its reason.",
        )
    place = "this folder" if folder == Path() else str(folder)
    return Finding("Spool", "ok", f"{place} can be written, {text.counted(len(spool.segments()), 'segment')} waiting")


def _store(url: str) -> Iterator[Finding]:
    try:
        with open_store(url) as store:
            yield from _contents(store)
    except StoreError as error:
        yield Finding("Store", "fault", str(error))


def _contents(store: Store) -> Iterator[Finding]:
    counts = store.info()
    if not counts["spans"]:
        yield Finding(
            "Store",
            "note",
            f"{store.name} is empty",
            "Fill it with `botanu ingest`, or from your program.",
        )
        return
    yield Finding("Store", "ok", f"{counts['spans']:,} spans, {counts['runs']:,} runs, {counts['calls']:,} calls")
    unpriced = store.query(
        "select model, vendor, count(*) as calls from counted_calls where priced = 'no' group by all order by calls desc"
    )
    if unpriced:
        names = ", ".join(row["model"] or row["vendor"] or "?" for row in unpriced[:3])
        yield Finding(
            "Prices",
            "note",
            f"{text.counted(sum(row['calls'] for row in unpriced), 'call')} without a price ({names})",
            "See what would give them one: botanu prices unpriced",
        )
    else:
        yield Finding("Prices", "ok", counts["price_book"] or "read")
    yield from _old_prices(store)
    repeats = store.query(
        "select not_counted_reason as reason, count(*) as calls from calls where not counted group by all order by calls desc"
    )
    if repeats:
        yield Finding(
            "Repeats",
            "note",
            f"{sum(row['calls'] for row in repeats):,} calls were seen twice and counted once",
            "See them with: botanu calls list --not-counted",
        )


def _old_prices(store: Store) -> Iterator[Finding]:
    """Vendors change some price every few weeks: a book whose newest is older than that is not of today."""
    now = datetime.now(UTC)
    (row,) = store.query(
        "select max(valid_from_ns) as newest from prices where superseded is null and valid_from_ns <= $now",
        {"now": int(now.timestamp()) * 10**9},
    )
    if row["newest"] is not None and row["newest"] > 0:
        newest = datetime.fromtimestamp(row["newest"] / 10**9, UTC)
        if now - newest > _CURRENT:
            yield Finding(
                "Prices", "note", f"the newest price in the book is of {newest:%Y-%m-%d}", "Fetch newer ones: botanu prices update"
            )  # fmt: skip


_CURRENT = timedelta(days=90)


def _instrumentations() -> Iterator[Finding]:
    by_name: dict[str, list[EntryPoint]] = defaultdict(list)
    for point in entry_points(group="opentelemetry_instrumentor"):
        by_name[point.name.replace("-", "_")].append(point)
    if not by_name:
        yield Finding(
            "Instruments", "note", "none installed", 'For calls without code: pip install "botanu[instruments,genai]"'
        )
        return
    yield Finding(
        "Instruments",
        "ok",
        f"{len(by_name)} installed: {', '.join(sorted(by_name)[:8])}{', …' if len(by_name) > 8 else ''}",
    )
    for name, points in by_name.items():
        owners = sorted({point.dist.name for point in points if point.dist is not None})
        if len(owners) > 1:
            yield Finding(
                "Instruments",
                "fault",
                f"{' and '.join(owners)} both instrument {name}",
                "Uninstall one: each call is recorded twice.",
            )
    frameworks, clients = [n for n in _FRAMEWORKS if n in by_name], [n for n in _CLIENTS if n in by_name]
    if frameworks and clients:
        yield Finding(
            "Instruments", "note", f"{', '.join(frameworks)} and {', '.join(clients)} record the same calls",
            "Each is counted once; to record less, leave one out of auto_instrument_packages.",
        )  # fmt: skip
