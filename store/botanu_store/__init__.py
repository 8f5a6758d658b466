"""OTLP in, money out: the local store."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botanu_store.store import Store, open_store

__all__ = ["Store", "open_store"]


def __getattr__(name: str) -> Any:
    # The database and the price book take half a second to import; whoever only names filters or a record need not wait for them.
    if name in __all__:
        from botanu_store import store  # noqa: PLC0415

        return getattr(store, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
