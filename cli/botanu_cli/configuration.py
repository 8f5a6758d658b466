"""Where the user's own settings come from: `--config`, else ./botanu.toml, else [tool.botanu] of ./pyproject.toml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botanu_store.overrides import Overrides


def overrides(config: Path | None) -> Overrides | None:
    """Read the user's prices and discounts; None when there is no file.

    Raises:
        InputError: the file named does not exist, or says something that cannot be used.
    """
    from botanu_store.errors import InputError
    from botanu_store.overrides import read_overrides

    if config is not None and not config.is_file():
        raise InputError(f"{config} does not exist. Name a file with --config, or leave it out.")
    for path in [config] if config is not None else [Path("botanu.toml"), Path("pyproject.toml")]:
        if path.is_file():
            return read_overrides(path)
    return None
