"""A newer price book than the one installed with genai-prices: fetched on demand, checked, and kept in the user's data folder.

It holds for the release of genai-prices that fetched it. When another release is installed, that release's own book is used again, so an
old download never goes before a newer library.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from botanu_store.errors import InputError, StoreUnavailable

if TYPE_CHECKING:
    from genai_prices.types import Provider


@dataclass(frozen=True, slots=True)
class Fetched:
    """A price book that was fetched, and where it is kept."""

    url: str
    path: Path
    vendors: int
    models: int


@cache
def _release() -> str:
    return version("genai-prices")


def newest() -> Path | None:
    """Return the price book last fetched for the installed release of genai-prices, if any."""
    try:
        return max(_folder().glob(f"genai-prices-{_release()}-*.json"), default=None)
    except OSError:
        return None


def label() -> str:
    """Return what tells the book in use from others: the release, and the day and hash of an update to it."""
    path = newest()
    return _release() if path is None else path.stem.removeprefix("genai-prices-")


def providers(path: Path) -> list[Provider]:
    """Read a price book that was kept.

    Raises:
        InputError: it is none.
    """
    try:
        return _parsed(path.read_bytes(), str(path))
    except InputError as error:
        raise InputError(
            f"{path}, the price book fetched last, is damaged. Fetch it again with botanu prices update, or delete it to use the installed one."
        ) from error


def fetch(url: str | None = None) -> Fetched:
    """Fetch the price book that genai-prices publishes, check it, and keep it; the one in use stays when anything is wrong.

    Raises:
        StoreUnavailable: it could not be fetched.
        InputError: what came is no price book, or lacks vendors that the installed one has.
    """
    import httpx2  # noqa: PLC0415 - what genai-prices itself fetches with; only an update needs it
    from genai_prices.update_prices import DEFAULT_UPDATE_URL  # noqa: PLC0415

    place = url or DEFAULT_UPDATE_URL
    try:
        answer = httpx2.get(place, timeout=20, follow_redirects=True)
        answer.raise_for_status()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise StoreUnavailable(
            f"Newer prices could not be fetched from {place}: {error}. Those of genai-prices {label()} stay in use; try again later."
        ) from error
    found = _checked(answer.content, place)
    return Fetched(place, _keep(answer.content), len(found), sum(len(provider.models) for provider in found))


def _checked(content: bytes, place: str) -> list[Provider]:
    # 0.1 s that only an update needs; from genai_prices.data itself, where the book is 30,000 lines, pyright would take a minute.
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415

    found = _parsed(content, place)
    missing = {provider.id for provider in get_snapshot().providers} - {provider.id for provider in found}
    if missing:
        raise InputError(f"{place} lacks {', '.join(sorted(missing)[:3])}. The prices in use were not changed.")
    return found


def _parsed(content: bytes, place: str) -> list[Provider]:
    # The library has no public way to read a book that is not fetched by itself.
    from genai_prices.types import _providers_from_raw  # noqa: PLC0415 # pyright: ignore[reportPrivateUsage]

    try:
        raw: Any = json.loads(content)
        if isinstance(raw, list) and raw:
            return _providers_from_raw(raw)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise InputError(f"{place} is no price book: {error}. The prices in use were not changed.") from error
    raise InputError(f"{place} is no price book. The prices in use were not changed.")


def _keep(content: bytes) -> Path:
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    day, digest = datetime.now(UTC).strftime("%Y%m%dT%H%M%S"), blake2b(content, digest_size=4).hexdigest()
    path = folder / f"genai-prices-{_release()}-{day}-{digest}.json"
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)
    for earlier in folder.glob("genai-prices-*.json"):
        if earlier != path:
            earlier.unlink(missing_ok=True)
    return path


def _folder() -> Path:
    return platformdirs.user_data_path("botanu", appauthor=False)
