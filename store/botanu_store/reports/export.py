"""Runs, calls and charges as files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import duckdb

from botanu_store.engines.duckdb import literal
from botanu_store.errors import InputError
from botanu_store.filters import Filters, where
from botanu_store.reports.database import bound
from botanu_store.reports.formulas import neutralised
from botanu_store.reports.text import joined_used, used
from botanu_store.reports.usage import KEPT_COLUMNS

Form = Literal["parquet", "csv"]

_FILES = {
    "runs": "with used as ({used}) select r.* exclude ({kept}), coalesce(used_calls, 0)::bigint as calls, coalesce(used_unpriced, 0)::bigint as unpriced_calls, "
    "coalesce(used_input, 0)::bigint as input_tokens, coalesce(used_output, 0)::bigint as output_tokens, "
    "case when used_calls is null then 0::decimal(38, 12) else used_usd end as cost_usd "
    "from runs as r {join_used} where {runs} order by r.start_ns, r.run_id",
    "calls": "select c.* from priced_calls as c inner join runs as r on r.run_id = c.run_id where {runs} and ({calls}) "
    "order by c.start_ns, c.span_id",
    "charges": "select h.* from charges as h inner join calls as c on c.trace_id = h.trace_id and c.span_id = h.span_id "
    "inner join runs as r on r.run_id = c.run_id where {runs} and ({calls}) order by c.start_ns, c.span_id, h.meter",
}


def export(con: duckdb.DuckDBPyConnection, filters: Filters, folder: Path, form: Form) -> dict[Path, int]:
    """Write one file per relation into a folder, each whole or not at all, and return how many rows went into each.

    Raises:
        InputError: the path is no folder, or cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file. Name a folder to write into.")
    conditions = where(filters)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be made: {error.strerror}. Name another.") from error
    written: dict[Path, int] = {}
    for name, query in _FILES.items():
        text = query.format(
            runs=conditions.runs,
            calls=conditions.calls,
            used=used(conditions),
            join_used=joined_used(conditions.join),
            kept=", ".join(KEPT_COLUMNS),
        )
        values = bound(text, conditions.parameters)
        path = folder / f"{name}.{form}"
        partial = path.with_name(path.name + ".partial")
        options = "format csv, header" if form == "csv" else "format parquet, compression zstd"
        shown = _harmless(con, text, values) if form == "csv" else text
        try:
            rows = con.execute(f"copy ({shown}) to {literal(partial)} ({options})", values).fetchall()
        except duckdb.IOException as error:
            said = str(error).splitlines()[0]
            raise InputError(f"{path} cannot be written: {said}. Look at the disk, or name another folder.") from error
        partial.replace(path)
        written[path] = int(rows[0][0])
    return written


def _harmless(con: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any]) -> str:
    """The query with its text made cells that a spreadsheet shows, runs nothing of, and a terminal does not obey."""
    columns = con.execute(f"describe {query}", values).fetchall()
    texts = [f"{neutralised(name)} as {name}" for name, kind, *_ in columns if kind == "VARCHAR"]
    return f"select * replace ({', '.join(texts)}) from ({query})"
