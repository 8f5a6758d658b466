"""Zero code: `python -m botanu run app.py` runs a program with botanu enabled, and `run -m module` a module.

Configuration comes from the options, else from the environment and the configuration file, as for `enable`.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from botanu.sdk.bootstrap import enable
from botanu.sdk.config import file_values, said_of_resource


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m botanu", description="Run a program with botanu enabled.")
    run = parser.add_subparsers(dest="command", required=True).add_parser(
        "run", help="run a program or a module", usage="%(prog)s [options] (PROGRAM | -m MODULE) [argument ...]"
    )
    run.add_argument("--store", help="write spans beside this local store")
    run.add_argument("--service-name", help="the program's name; by default that of its file or module")
    run.add_argument("--config", help="the configuration file")
    run.add_argument("-m", dest="module", action="store_true", help="what follows is a module's name")
    run.add_argument("program", metavar="PROGRAM", help="the file or module to run")
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="its arguments")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Enable botanu, then become the program."""
    said = _parser().parse_args(arguments)
    enable(_service_name(said.service_name, said.config, said.program), store=said.store, config_file=said.config)
    sys.argv = [said.program, *said.arguments]
    if said.module:
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(said.program, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(said.program).resolve().parent))
        runpy.run_path(said.program, run_name="__main__")


def _service_name(said: str | None, config_file: str | None, program: str) -> str | None:
    """The option, else None for what the environment or the file says, else the program's own name."""
    is_in_environment = os.environ.get("OTEL_SERVICE_NAME") or said_of_resource("service.name")
    if said or is_in_environment or "service_name" in file_values(config_file):
        return said
    return Path(program).stem


if __name__ == "__main__":
    main()
