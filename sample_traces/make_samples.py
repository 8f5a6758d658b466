"""Makes the sample files again: runs each program against the local vendors and gathers the segments it wrote into one file.

Run it from the repository: `python sample_traces/make_samples.py`. It also writes bills.csv, what the vendors' server says it billed: the
truth that the totals in README.md and the tests are held against.
"""

from __future__ import annotations

import csv
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = ("support_agent", "document_pipeline", "vendor_fallback", "two_services", "foreign_spans")


def make(program: str) -> list[list[str]]:
    """Run one program with an empty store of its own, keep what it wrote, and return the lines of its bill."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "sample.duckdb"
        environment = {
            **os.environ,
            "BOTANU_STORE": str(store),
            "PYTHONPATH": str(HERE),
            "BOTANU_AUTO_DETECT_RESOURCES": "false",
        }
        bill = Path(folder) / "bill.json"
        subprocess.run([sys.executable, __file__, program, str(bill)], env=environment, check=True)
        segments = sorted(store.with_name(store.name + ".spool").glob("*.jsonl"))
        (HERE / f"{program}.jsonl").write_text(
            "".join(without_paths(line) for s in segments for line in s.read_text("utf-8").splitlines()), "utf-8"
        )
        print(f"{program}: {len(segments)} segments")
        return [[program, *map(str, line)] for line in json.loads(bill.read_text("utf-8"))]


def without_paths(line: str) -> str:
    """Leave out stack traces: they name the folders of the machine they were made on."""
    document = json.loads(line)
    for group in document["resourceSpans"]:
        for event in (e for scoped in group["scopeSpans"] for span in scoped["spans"] for e in span.get("events", [])):
            event["attributes"] = [a for a in event.get("attributes", []) if a["key"] != "exception.stacktrace"]
    return json.dumps(document, separators=(",", ":")) + "\n"


def run_and_bill(program: str, bill: Path) -> None:
    """Run one program in this process and write down what the vendors billed."""
    runpy.run_path(str(HERE / f"{program}.py"), run_name="__main__")
    import vendors  # noqa: PLC0415 - the same module object that the program filled

    bill.write_text(
        json.dumps([(model, kind, tokens) for (model, kind), tokens in sorted(vendors.bill.items())]), "utf-8"
    )


def main() -> None:
    """Make every sample and the bill of all of them."""
    lines = [line for program in PROGRAMS for line in make(program)]
    with (HERE / "bills.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([["program", "model", "kind", "tokens"], *lines])


if __name__ == "__main__":
    if sys.argv[1:]:
        run_and_bill(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
