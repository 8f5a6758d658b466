"""OTLP in, money out: the local store."""

from botanu_store.store import Store, open_store

__all__ = ["Store", "open_store"]
