"""Everything that can go wrong with a store, as one tree.

    StoreError
    ├── StoreUnusable       the path holds something that botanu must not touch
    ├── StoreFull           the disk has no room for what must be written
    ├── StoreUnavailable    locked past the wait, or unreachable: the same call may work later
    ├── InputError          a file, a filter or a setting that cannot be used as given
    └── NotFound            what was asked for is not in the store

Each message is one sentence of what is wrong and one of what to do.
"""

from __future__ import annotations

from collections.abc import Sequence


class StoreError(Exception):
    """Base of all errors that the store raises on purpose."""


class StoreUnusable(StoreError):  # noqa: N818 - named after the situation
    """The path holds something that botanu must not touch: a folder, a foreign file, a newer schema."""


class StoreFull(StoreError):  # noqa: N818
    """The disk has no room for what must be written; what was there before is there still."""


class StoreUnavailable(StoreError):  # noqa: N818
    """The store is locked past the wait or cannot be reached; nothing is wrong with it."""


class InputError(StoreError):
    """A file, a filter or a setting cannot be used as given."""


class NotFound(StoreError):  # noqa: N818
    """What was asked for is not in the store."""


def instead(name: str, allowed: Sequence[str]) -> str:
    """Return what to write for a name that is not allowed, as the end of a message: the nearest one, and all there are."""
    from difflib import get_close_matches  # noqa: PLC0415 - nobody needs it before something is wrong

    near = get_close_matches(name, allowed, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{hint} Choose from {', '.join(allowed)}."
