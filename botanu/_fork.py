"""What an object does in the child of a fork, where the threads and locks of its parent are gone."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable


def after_fork(method: Callable[[], None]) -> None:
    """Call this method of an object in every child that is forked as long as the object lives; where nothing forks, never."""
    if not hasattr(os, "register_at_fork"):
        return
    kept = weakref.WeakMethod(method)

    def call() -> None:
        if (still := kept()) is not None:
            still()

    os.register_at_fork(after_in_child=call)
