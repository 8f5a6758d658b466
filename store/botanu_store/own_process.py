"""What a process that is botanu's alone may do, and one of a user's that merely imports it may not."""

from __future__ import annotations

import sys


class _WithoutPandas:
    """A finder that finds no pandas."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Say of pandas that it is not installed, of all else nothing."""
        if name == "pandas":
            raise ModuleNotFoundError("botanu does not use pandas", name=name)


def leave_pandas_out() -> None:
    """Let nothing import pandas: where it is installed Arrow would, to tell whether a list is a series of its, for 0.3 s and 40 MB."""
    sys.meta_path.insert(0, _WithoutPandas())
