"""Keep the schema of today, with a small store in it: `python tests/store/schemas/keep.py`, before a release that changes it.

A version's folder holds its tables as SQL and the rows of a store that was made with it, one file a table. What was released stays as it is.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import duckdb
from botanu_store import open_store
from botanu_store.engines.duckdb import SCHEMA_VERSION
from botanu_store.spool import Spool

from botanu.exporters.segment import write_segment

HERE = Path(__file__).parent
SAMPLES = HERE.parents[2] / "sample_traces"
FROM_THE_BOOK = ("prices", "price_keys", "price_book")
"""Tables that are filled again from the price book, whatever was in them."""


def schema(con: duckdb.DuckDBPyConnection) -> str:
    """Return the tables of a database as SQL, in the order of their names."""
    columns = con.execute(
        "select table_name, list(format('{} {}', column_name, data_type) order by column_index) from duckdb_columns() "
        "where not internal and table_name in (select table_name from duckdb_tables() where not temporary) "
        "group by all order by 1"
    ).fetchall()
    return "".join(f"create table {table} (\n    " + ",\n    ".join(names) + "\n);\n" for table, names in columns)


def main() -> None:
    """Write the folder of the version of today."""
    folder = HERE / str(SCHEMA_VERSION)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "s.duckdb"
        for sample in ("foreign_spans.jsonl", "two_services.jsonl"):
            write_segment(Spool(store).folder, (SAMPLES / sample).read_bytes())
            open_store(store).close()
        con = duckdb.connect(str(store), read_only=True)
        (folder / "schema.sql").write_text(schema(con))
        for (table,) in con.execute("select table_name from duckdb_tables()").fetchall():
            if table not in FROM_THE_BOOK:
                rows = con.execute(f'select to_json(t)::varchar from "{table}" as t order by 1').fetchall()
                (folder / f"{table}.jsonl").write_text("".join(row + "\n" for (row,) in rows))


if __name__ == "__main__":
    main()
