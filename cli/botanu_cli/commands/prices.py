"""`botanu prices list`, `show`, `unpriced`, `set` and `update`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from botanu_cli import completion
from botanu_cli.helping import Command, group
from botanu_cli.options import Request, report, written
from botanu_cli.text import counted, percent, safe

if TYPE_CHECKING:
    from datetime import date

    from botanu_cli.settings import Settings

app = group(
    "What things cost, what has no price, and prices of your own.",
    "botanu prices show gpt-4o",
    "botanu prices set my-org/llama-70b input=0.60 output=0.80",
)


@app.command("list", cls=Command)
@written
def list_prices(
    request: Request,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole price book, not only what this store uses.")
    ] = False,
) -> None:
    """The prices of what this store's calls use, now: published ones, with your own and your discounts over them.

    Examples:
      botanu prices list

      botanu prices list --all --format csv > book.csv
    """
    from botanu_cli.layouts import PRICES

    with request.settings.open() as store:
        request.show(store.prices(request.settings.everything(), kind="all" if everything else "used"), PRICES)


@app.command("show", cls=Command)
@written
def show(
    request: Request,
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model, vendor/model, or a product such as bigquery.",
            autocompletion=completion.known("model"),
        ),
    ],
) -> None:
    """What a model costs and since when: every meter, tier and variant, with its source, and what you say of it.

    Examples:
      botanu prices show gpt-4o

      botanu prices show anthropic/claude-sonnet-4-5

      botanu prices show bigquery
    """
    from botanu_store.reports.prices import discounts_on

    from botanu_cli.configuration import overrides
    from botanu_cli.layouts import PRICES

    settings = request.settings
    with settings.open() as store:
        found = store.price(settings.everything(), model)
    request.show(found, PRICES)
    said = overrides(settings.config)
    for discount in discounts_on(model, found.rows, said) if said else ():
        days = "".join(f", {word} {discount[word]:%Y-%m-%d}" for word in ("since", "until") if discount[word])
        share = percent(float(discount["share"]))
        settings.say(f"{share} comes off what is published here: your discount on {safe(discount['pattern'])}{days}.")


@app.command("unpriced", cls=Command)
@report
def unpriced(request: Request) -> None:
    """What has no price: which calls, how much they used, why, and the command that would give them one.

    Examples:
      botanu prices unpriced

      botanu prices unpriced --use-case "Customer Support" --since 7d
    """
    from botanu_cli.layouts import UNPRICED

    with request.settings.open() as store:
        request.show(store.unpriced(request.filters(store)), UNPRICED)


@app.command("set", cls=Command)
def set_price(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="MODEL", help="A model, vendor/model, vendor or tool; may hold *.")],
    prices: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=USD…", help="input, output, cache_read… per million tokens; per_call; discount=15%."
        ),
    ],
    tool: Annotated[bool, typer.Option("--tool", help="The name is that of a tool.")] = False,
    operation: Annotated[str | None, typer.Option("--operation", metavar="TEXT", help="Only this operation.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="From this day on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Until this day, exclusive.")] = None,
) -> None:
    """Say what something costs you: written into botanu.toml, over the published price, for calls of the past too.

    Examples:
      botanu prices set my-org/llama-70b input=0.60 output=0.80

      botanu prices set search_web per_call=0.005 --tool

      botanu prices set 'anthropic/*' discount=15%

      botanu prices set gpt-4o input=2.25 --from 2026-07-01
    """
    from botanu_cli import own_prices
    from botanu_cli.output import emit

    settings: Settings = context.obj
    price = own_prices.OwnPrice(
        name, own_prices.parse(prices), tool, operation, _day("--from", since), _day("--until", until)
    )
    path = _settings_path(settings)
    before = _unpriced(settings)
    emit(f"{path}: {own_prices.write(path, price)}")
    after = _unpriced(settings)
    if before and before != after:
        settings.say(
            f"{before - after:,} of {counted(before, 'call')} without a price {'has' if before == 1 else 'have'} one now."
        )
    elif before:
        settings.say(f"Without a price, as before: {counted(before, 'call')}. See: botanu prices unpriced")


@app.command("update", cls=Command)
def update(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Another place to fetch the book from.")
    ] = None,
) -> None:
    """Fetch the newest price book of genai-prices, and use it until a newer release of the library is installed.

    Without a network nothing changes: the prices that came with the library, or with the last update, stay in use.

    Example:
      botanu prices update
    """
    from botanu_store.prices import updates

    from botanu_cli.output import emit

    settings: Settings = context.obj
    found = updates.fetch(url)
    emit(
        f"{counted(found.models, 'model')} of {counted(found.vendors, 'vendor')}, from {found.url}, kept in {found.path}."
    )
    if Path(settings.store).exists():
        with settings.open() as store:
            said = store.info()
        settings.say(f"The store uses {said['price_book']}.")


def _settings_path(settings: Settings) -> Path:
    from botanu_cli.configuration import read

    if settings.config is not None and not settings.config.exists():
        return settings.config
    found = read(settings.config)
    return (
        found.path if found is not None and (found.path.name != "pyproject.toml" or found.said) else Path("botanu.toml")
    )


def _unpriced(settings: Settings) -> int:
    """How many calls of the store have no price; none where there is no store yet."""
    from botanu_store import open_store
    from botanu_store.filters import Filters

    from botanu_cli.configuration import overrides

    if "://" not in settings.store and not Path(settings.store).exists():
        return 0
    said = overrides(settings.config) if settings.config is None or settings.config.exists() else None
    with open_store(settings.store, overrides=said) as store:
        return store.coverage(Filters()).calls_unpriced


def _day(flag: str, text: str | None) -> date | None:
    from datetime import date

    from botanu_store.errors import InputError

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{flag} {text!r} is no day. Write it as 2026-07-01.") from error
