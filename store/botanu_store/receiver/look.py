"""Whether a store can be drained at all: looked at before the receiver listens, in a process of its own, in whose memory DuckDB stays.

python -m botanu_store.receiver.look STORE
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from botanu_store.errors import StoreUnavailable, StoreUnusable

_UNUSABLE = 3


def look_at(store: Path) -> None:
    """Look at a store's file, if there is one.

    Raises:
        StoreUnusable: it is a folder, of somebody else, damaged, of a newer botanu or not writable, so whatever were taken for it would wait for ever.
    """
    if not store.exists():
        return
    command = (sys.executable, "-m", "botanu_store.receiver.look", str(store))
    looked = subprocess.run(command, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", check=False)  # noqa: S603 - this very file
    if looked.returncode == _UNUSABLE:
        raise StoreUnusable(looked.stderr.strip())


def main() -> int:
    """Say what is in the way for good, if anything is."""
    from botanu.exporters.segment import real  # noqa: PLC0415 - what follows is for this process alone
    from botanu_store.engines.duckdb import check_path, connect, exists, stored_version  # noqa: PLC0415

    path = real(Path(sys.argv[1]))
    try:
        check_path(path, read_only=False)
        if exists(path):
            with connect(path, read_only=True, wait=0) as con:
                stored_version(con, path)
    except StoreUnavailable:
        return 0  # another process drains or reads
    except StoreUnusable as error:
        sys.stderr.write(str(error))
        return _UNUSABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
