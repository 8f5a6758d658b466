"""`botanu schema`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from botanu_cli import completion


def schema(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A report's name, such as cost.", autocompletion=completion.schemas)
    ],
) -> None:
    """The JSON Schema of what a report writes with --format json.

    Example:
      botanu schema cost > cost.schema.json
    """
    from botanu_store.errors import instead

    from botanu_cli import schemas
    from botanu_cli.output import emit

    if name not in schemas.NAMES:
        raise typer.BadParameter(f"{name!r} has no schema.{instead(name, schemas.NAMES)}")
    emit(json.dumps(schemas.schema(name), indent=2, ensure_ascii=False))
