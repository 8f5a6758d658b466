"""`botanu prices`: what things cost, what has no price, prices of one's own, and newer ones."""

from __future__ import annotations

import json
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema
import pytest
from botanu_cli.schemas import schema
from botanu_store import open_store
from genai_prices.data import providers

from tests.cli.conftest import Botanu
from tests.store.builders import chat, document, span, trace_id, write


def rows(botanu: Botanu, *arguments: str) -> list[dict[str, Any]]:
    """Run a prices report as JSON, hold it to its schema, and return its rows."""
    result = botanu("prices", *arguments, "-f", "json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    jsonschema.validate(found, schema(found["schema"].split(".")[1].split("/")[0]))
    return found["rows"]


@pytest.fixture(scope="module")
def odd_calls(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a model and a tool that nobody prices, a stream without usage, and a priced call, made once."""
    trace = trace_id()
    named = {"gen_ai__operation__name": "chat", "gen_ai__provider__name": "openai", "gen_ai__request__model": "gpt-4o"}
    tool = {"gen_ai__operation__name": "execute_tool", "gen_ai__tool__name": "search_web"}
    spans = [
        chat(trace, model="llama-in-house", tokens=(1000, 50)),
        chat(trace, model="llama-in-house", tokens=(500, 50)),
        chat(trace, tokens=(1_000_000, 1_000_000)),
        span(trace, name="chat gpt-4o", kind=3, **named),
        span(trace, name="execute_tool search_web", **tool),
    ]
    path = Path(shutil.copy(blank, tmp_path_factory.mktemp("odd") / "botanu.duckdb"))
    with open_store(path) as store:
        store.ingest([write(path.with_suffix(".jsonl"), document(spans))])
    return path


@pytest.fixture
def odd(odd_calls: Path, tmp_path: Path) -> None:
    """Those as ./botanu.duckdb."""
    shutil.copy(odd_calls, tmp_path / "botanu.duckdb")


def test_list_shows_what_this_store_uses_and_free_is_not_unpriced(botanu: Botanu, filled: Path) -> None:
    """Each kind of call has its prices with source; what is free costs 0 and what is unknown has none."""
    found = rows(botanu, "list")
    gpt = {row["meter"]: row for row in found if row["model"] == "gpt-4o"}
    assert (gpt["input_tokens"]["usd"], gpt["output_tokens"]["usd"]) == ("2.50", "10.00")
    assert "genai-prices" in gpt["input_tokens"]["source"]
    assert {row["usd"] for row in found if row["rule"] == "free"} == {"0.00"}
    assert {row["usd"] for row in found if row["rule"] == "unpriced"} == {None}
    assert "unpriced" in botanu("prices", "list").out


def test_list_all_is_the_whole_book(botanu: Botanu, filled: Path) -> None:
    """Models that no call used are there too."""
    found = rows(botanu, "list", "--all")
    assert len(found) > 2000
    assert {"deepseek", "mistral", "bigquery"} <= {row["vendor"] for row in found}


def test_list_says_since_when_a_price_holds_and_not_another(botanu: Botanu, filled: Path, tmp_path: Path) -> None:
    """A price that the user dates begins then, and the published ones of that model began before; one that is over is not listed."""
    (tmp_path / "botanu.toml").write_text(
        "[[prices.gpt-4o]]\ninput = 2\nfrom = 2026-07-01\n[[prices.gpt-4o]]\ninput = 3\nuntil = 2026-07-01\n"
    )
    found = {row["meter"]: row for row in rows(botanu, "list") if (row["vendor"], row["model"]) == ("openai", "gpt-4o")}
    assert (found["input_tokens"]["usd"], found["input_tokens"]["since"]) == ("2.00", "2026-07-01T00:00:00.000000Z")
    assert (found["output_tokens"]["usd"], found["output_tokens"]["since"]) == ("10.00", None)


def test_show_finds_a_model_at_every_vendor_with_dates_and_tiers(botanu: Botanu, filled: Path) -> None:
    """A model's name finds all who sell it; vendor/model only that one; tiers are in words."""
    assert {"anthropic", "google"} <= {row["vendor"] for row in rows(botanu, "show", "claude-sonnet-4-5")}
    only = rows(botanu, "show", "anthropic/claude-sonnet-4-5")
    assert {row["vendor"] for row in only} == {"anthropic"}
    assert {"up to 200,000 input tokens", "over 200,000 input tokens"} <= {row["tier"] for row in only}


@pytest.mark.parametrize("name", ["azure.openai/gpt-4o", "azure/gpt-4o"])
def test_show_finds_a_model_where_calls_of_that_vendor_find_it(botanu: Botanu, filled: Path, name: str) -> None:
    """Azure sells OpenAI's models, which the book lists at OpenAI: what prices a call is no unknown price."""
    assert {(row["vendor"], row["model"]) for row in rows(botanu, "show", name)} == {("openai", "gpt-4o")}


def test_show_finds_a_product(botanu: Botanu, filled: Path) -> None:
    """A product of the shipped rates is shown with its source and the day it was read."""
    found = [row for row in rows(botanu, "show", "bigquery") if row["meter"] == "bytes_scanned"]
    assert [(row["usd"], row["until"] or row["since"]) for row in found] == [
        ("5.00", "2023-07-05T00:00:00.000000Z"),
        ("6.25", "2023-07-05T00:00:00.000000Z"),
    ]
    assert "cloud.google.com" in found[0]["source"]


def test_show_needs_no_store(botanu: Botanu, tmp_path: Path) -> None:
    """The price book can be asked before there is any store, and none is made by that."""
    assert rows(botanu, "show", "openai/gpt-4o")
    assert list(tmp_path.iterdir()) == []


def test_show_of_an_unknown_model_names_the_nearest(botanu: Botanu, filled: Path) -> None:
    """A slip of the finger gets the right name and the way to set a price, with exit code 2."""
    result = botanu("prices", "show", "gpt-4oo")
    assert result.code == 2
    assert "gpt-4o" in result.err
    assert "botanu prices set" in result.err


@pytest.mark.usefixtures("odd")
def test_unpriced_says_how_much_why_and_what_to_do(botanu: Botanu) -> None:
    """Usage is summed for each kind of call; what nobody counted cannot be priced; the command given really prices."""
    found = {row["model"]: row for row in rows(botanu, "unpriced")}
    assert (found["llama-in-house"]["calls"], found["llama-in-house"]["input_tokens"]) == (2, 1500)
    assert "nobody recorded" in found["gpt-4o"]["reason"]
    assert "record its usage" in found["gpt-4o"]["fix"]
    command = found["llama-in-house"]["fix"].replace("USD", "2").split()[1:]
    result = botanu(*command)
    assert result.code == 0, result.err
    assert "2 of 3 calls without a price have one now" in result.err
    assert set(rows(botanu, "unpriced")[0].values()) >= {"gpt-4o"}


def test_what_is_to_be_done_prices_those_calls_and_no_others(botanu: Botanu, tmp_path: Path) -> None:
    """A price for calls without a model is none of their vendor's models, and one for an operation none of what the book has of the product."""
    used = {"gen_ai__usage__input_tokens": 1000, "gen_ai__usage__output_tokens": 1000}

    def query(system: str, operation: str, **said: Any) -> dict[str, Any]:
        named = {"db__system__name": system, "db__operation__name": operation}
        return span(trace_id(), name=operation, kind=3, **named, **said)

    chats = [
        chat(trace_id()),
        *(
            span(trace_id(), name="chat", kind=3, gen_ai__operation__name="chat", gen_ai__provider__name=vendor, **used)
            for vendor in ("openai", "")
        ),
    ]
    queries = [
        query("bigquery", "SELECT", botanu__warehouse__bytes_scanned=10**13),
        *(
            query(*kind)
            for kind in [("bigquery", "SELECT"), ("cosmosdb", "read"), ("cosmosdb", "upsert"), ("new", "q")]
        ),
    ]
    botanu("ingest", str(write(tmp_path / "odd.jsonl", document(chats + queries))))

    def costs() -> dict[tuple[str, ...], str]:
        report = _cost(botanu, by="vendor,model,operation")
        return {(row["vendor"], row["model"], row["operation"]): row["cost_usd"] for row in report}

    before = costs()
    for row in rows(botanu, "unpriced"):
        kind = row["vendor"], row["model"], row["operation"]
        if kind[0] == "bigquery":
            assert (row["reason"], row["fix"][:16]) == ("nobody recorded what it is billed by", "record its usage")
            continue
        assert botanu(*shlex.split(row["fix"].replace("USD", "7"))[1:]).code == 0
        after = costs()
        assert {one for one in before if before[one] != after[one]} == {kind}, row["fix"]
        (tmp_path / "botanu.toml").unlink()


@pytest.mark.usefixtures("odd")
def test_a_price_that_is_set_prices_the_past(botanu: Botanu) -> None:
    """Calls of before cost what the user says, in the report and in the list of prices."""
    botanu("prices", "set", "openai/llama-in-house", "input=1", "output=10")
    totals = {row["model"]: row["cost_usd"] for row in _cost(botanu)}
    assert Decimal(totals["llama-in-house"]) == Decimal("0.0025")
    mine = [row for row in rows(botanu, "list") if row["model"] == "llama-in-house"]
    assert {row["rule"] for row in mine} == {"yours"}
    assert rows(botanu, "show", "openai/llama-in-house")[0]["source"] == "your settings"


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize("pattern", ["openai/llama-in-house", "OpenAI/llama-in-*", "openai/*"])
@pytest.mark.parametrize("name", ["llama-in-house", "openai/llama-in-house", "Llama-In-House"])
def test_show_has_what_is_said_of_a_model_of_ones_own_by_either_name(botanu: Botanu, pattern: str, name: str) -> None:
    """A price set for a vendor's model, or for all of a vendor whose calls are of it, is shown by the model's name alone too, with its vendor."""
    botanu("prices", "set", pattern, "input=1", "output=2")

    vendor, _, model = pattern.partition("/")

    assert [(row["vendor"], row["model"], row["usd"]) for row in rows(botanu, "show", name)] == [
        (vendor, model, "1.00"),
        (vendor, model, "2.00"),
    ]


@pytest.mark.usefixtures("begun")
def test_show_takes_no_other_model_for_the_one_asked_for(botanu: Botanu) -> None:
    """Before any call of it, a model is found by its name alone; a path before a name is no vendor, and a price of all of a vendor is not one of any name."""
    for pattern in ("openai/in-house-7b", "openai/*", "meta-llama/Llama-9-7b"):
        botanu("prices", "set", pattern, "input=1")

    assert [(row["vendor"], row["model"]) for row in rows(botanu, "show", "in-house-7b")] == [("openai", "in-house-7b")]
    assert [(row["vendor"], row["model"]) for row in rows(botanu, "show", "meta-llama/Llama-9-7b")] == [
        (None, "meta-llama/Llama-9-7b")
    ]
    assert botanu("prices", "show", "house-7b").code == 2
    assert botanu("prices", "show", "acme/in-house-7b").code == 2


@pytest.mark.usefixtures("odd")
def test_discounts_and_tools_can_be_set_too(botanu: Botanu) -> None:
    """A discount is off the published price; a tool has a price per call."""
    assert botanu("prices", "set", "openai/gpt-4o", "discount=10%").code == 0
    assert botanu("prices", "set", "search_web", "per_call=0.25", "--tool").code == 0
    cost = {row["category"]: Decimal(row["cost_usd"]) for row in _cost(botanu, by="category") if row["cost_usd"]}
    assert cost == {"llm": Decimal("11.25"), "tool": Decimal("0.25")}
    assert {row["rule"] for row in rows(botanu, "list") if row["model"] == "gpt-4o"} == {"discounted"}


def test_show_tells_of_discounts(botanu: Botanu, filled: Path) -> None:
    """Published prices are shown as they are published, so what comes off is said beside them, of those models alone."""
    assert botanu("prices", "set", "openai/*", "discount=15%", "--from", "2026-07-01").code == 0

    assert botanu("prices", "show", "gpt-4o").err == (
        "15.0% comes off what is published here: your discount on openai/*, since 2026-07-01.\n"
    )
    assert botanu("prices", "show", "claude-sonnet-4-5").err == ""


def _cost(botanu: Botanu, *arguments: str, by: str = "model") -> list[dict[str, Any]]:
    return json.loads(botanu("cost", "--group-by", by, *arguments, "-f", "json").out)["rows"]


@pytest.mark.parametrize("amount", ["nan", "inf", "1e400", "-1", "1000000"])
def test_what_is_no_price_is_refused_in_a_sentence(botanu: Botanu, tmp_path: Path, amount: str) -> None:
    """Exit code 2 with what would be one, and no file is written."""
    result = botanu("prices", "set", "gpt-4o", f"input={amount}")

    assert (result.code, result.err) == (
        2, f"Error: input={amount} is no price. Give USD from 0 to below a million, for example input=2.50.\n",
    )  # fmt: skip
    assert not (tmp_path / "botanu.toml").exists()


def test_a_price_however_small_is_written_with_its_digits(botanu: Botanu, tmp_path: Path) -> None:
    """One below a millionth is not taken for a whole number, which would be none."""
    assert botanu("prices", "set", "gpt-4o", "input=0.0000005").code == 0
    assert tomllib.loads((tmp_path / "botanu.toml").read_text())["prices"]["gpt-4o"] == {"input": 0.0000005}


def test_set_keeps_what_else_is_in_the_file(botanu: Botanu, tmp_path: Path) -> None:
    """Comments, order and other sections stay as they were; a dated price is added to the one before."""
    before = '# ours\n[values]\ntickets_resolved = 4.50 # agreed\n\n[prices]\n"gpt-4o" = { input = 2.0 }\n'
    (tmp_path / "botanu.toml").write_text(before)
    assert botanu("prices", "set", "gpt-4o", "output=8").code == 0
    assert botanu("prices", "set", "gpt-4o", "input=1.5", "--from", "2026-07-01").code == 0
    text = (tmp_path / "botanu.toml").read_text()
    assert text.startswith(before[: before.index('"gpt-4o"')])
    kept = tomllib.loads(text)["prices"]["gpt-4o"]
    assert kept[0] == {"input": 2.0, "output": 8}
    assert kept[1]["input"] == 1.5


def test_set_takes_the_place_of_no_other_days_or_operations(botanu: Botanu, tmp_path: Path) -> None:
    """What was said of other days, or of some operations, stays as it was; what is said now goes before it."""
    (tmp_path / "botanu.toml").write_text(
        "[[prices.gpt-4o]]\ninput = 3\noutput = 9\nuntil = 2026-07-01\n[prices.s3]\nrequests = 5\noperation = 'Put*'\n"
        "[prices.kafka]\nmessages = 7\nuntil = 2026-07-01\n[discounts]\nopenai = '5%'\n"
    )
    for arguments in (
        ["gpt-4o", "input=2"],
        ["gpt-4o", "cache_read=1"],
        ["gpt-4o", "input=1", "--from", "2026-07-01"],
        ["s3", "requests=4"],
        ["s3", "requests=6", "--operation", "Put*"],
        ["kafka", "messages=8"],
        ["openai", "discount=10%", "--from", "2026-07-01"],
    ):
        result = botanu("prices", "set", *arguments)
        assert result.code == 0, result.err
    assert result.out.endswith('openai = [{discount = "5%"}, {discount = "10%", from = 2026-07-01}]\n')
    said, july = tomllib.loads((tmp_path / "botanu.toml").read_text()), date(2026, 7, 1)
    assert said["prices"] == {
        "gpt-4o": [{"input": 3, "output": 9, "until": july}, {"input": 2, "cache_read": 1}, {"input": 1, "from": july}],
        "s3": [{"requests": 4}, {"requests": 6, "operation": "Put*"}],
        "kafka": [{"messages": 7, "until": july}, {"messages": 8}],
    }


def test_set_writes_where_the_settings_are(botanu: Botanu, tmp_path: Path) -> None:
    """Settings in pyproject.toml stay there; --config names a file, which may be new."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n\n[tool.botanu.values]\nticket = 3\n')
    assert botanu("prices", "set", "gpt-4o", "input=1").code == 0
    assert tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["botanu"]["prices"] == {
        "gpt-4o": {"input": 1}
    }
    assert botanu("--config", "team.toml", "prices", "set", "gpt-4o", "input=3").code == 0
    assert tomllib.loads((tmp_path / "team.toml").read_text())["prices"]["gpt-4o"]["input"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gpt-4o", "inptu=1"], "Did you mean input?"),
        (["gpt-4o", "2.50"], "KEY=USD"),
        (["gpt-4o", "input=cheap"], "no amount"),
        (["gpt-4o", "input=-1"], "from 0"),
        (["gpt-4o", "discount=115%"], "share"),
        (["gpt-4o", "discount=10%", "input=1"], "stands alone"),
        (["gpt-4o", "input=1", "--from", "tomorrow"], "no day"),
    ],
)
def test_what_is_no_price_is_refused_and_the_file_stays(
    botanu: Botanu, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """A wrong key, amount, share or day gets one sentence and exit code 2; nothing is written."""
    (tmp_path / "botanu.toml").write_text("[values]\nticket = 3\n")
    result = botanu("prices", "set", *arguments)
    assert result.code == 2
    assert said in result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["botanu.toml"]
    assert (tmp_path / "botanu.toml").read_text() == "[values]\nticket = 3\n"


@pytest.fixture
def published() -> Iterator[dict[str, Any]]:
    """A place that publishes a price book: what the test puts under `book`, at `url`."""
    place: dict[str, Any] = {"book": b""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(place["book"])

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    place["url"] = f"http://127.0.0.1:{server.server_port}/data.json"
    yield place
    server.shutdown()
    server.server_close()


def _book(**models: float) -> bytes:
    """A book with every vendor of the installed one, and these models of OpenAI's at a price for input."""
    listed = [
        {"id": name, "match": {"equals": name}, "prices": {"input_mtok": usd, "output_mtok": usd}}
        for name, usd in models.items()
    ]
    book = [
        {
            "id": provider.id,
            "name": provider.name,
            "api_pattern": provider.api_pattern,
            "models": listed if provider.id == "openai" else [],
        }
        for provider in providers
    ]
    return json.dumps(book).encode()


@pytest.mark.usefixtures("odd")
def test_update_brings_newer_prices_into_the_store(botanu: Botanu, published: dict[str, Any]) -> None:
    """A model that the newer book lists is priced from then on, and the book in use names the update."""
    published["book"] = _book(**{"llama-in-house": 3, "gpt-4o": 1})
    result = botanu("prices", "update", "--url", published["url"])
    assert result.code == 0, result.err
    assert "2 models" in result.out
    costs = {row["model"]: row["cost_usd"] for row in _cost(botanu)}
    assert (Decimal(costs["gpt-4o"]), Decimal(costs["llama-in-house"])) == (Decimal(2), Decimal("0.0048"))


@pytest.mark.usefixtures("odd")
def test_what_a_newer_book_lacks_is_priced_as_of_before(botanu: Botanu, published: dict[str, Any]) -> None:
    """A model that it dropped has no price any more, but had one then: after further updates too, and after a rebuild."""

    def cost(*arguments: str) -> Decimal | None:
        usd = {row["model"]: row["cost_usd"] for row in _cost(botanu, *arguments)}["gpt-4o"]
        return usd if usd is None else Decimal(usd)

    before, then = cost(), datetime.now(UTC).isoformat()
    for model in ("another", "yet-another"):
        published["book"] = _book(**{model: 3})
        assert botanu("prices", "update", "--url", published["url"]).code == 0
        assert (before, cost(), cost("--as-priced", then)) == (Decimal("12.5"), None, Decimal("12.5"))
    assert botanu("store", "rebuild").code == 0
    assert (cost(), cost("--as-priced", then)) == (None, Decimal("12.5"))


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize("book", [b"", b"{}", b"<html>", b"[]", b'[{"id": 1}]', b'[{"id": "openai"}]'])
def test_a_bad_update_changes_nothing(botanu: Botanu, published: dict[str, Any], book: bytes, tmp_path: Path) -> None:
    """What is no price book, or lacks vendors, is refused with exit code 2; the prices in use stay."""
    published["book"] = book
    before = _cost(botanu)
    result = botanu("prices", "update", "--url", published["url"])
    assert result.code == 2
    assert "not changed" in result.err
    assert _cost(botanu) == before
    assert not (tmp_path / ".data").exists()


@pytest.mark.usefixtures("odd")
def test_a_kept_book_that_is_damaged_is_said_so(botanu: Botanu, published: dict[str, Any], tmp_path: Path) -> None:
    """Which file it is, and both ways out, each of which is one."""
    published["book"] = _book(**{"gpt-4o": 1})
    update, before = ("prices", "update", "--url", published["url"]), _cost(botanu)
    assert botanu(*update).code == 0
    for way_out in (lambda _: botanu(*update), Path.unlink):
        (kept,) = tmp_path.rglob("genai-prices-*.json")
        damaged = kept.rename(kept.with_name(f"{kept.stem}x.json"))
        damaged.write_bytes(b"[{")
        result = botanu("cost")
        assert result.code == 2
        assert f"{damaged}, the price book fetched last, is damaged. Fetch it again with botanu prices" in result.err
        way_out(damaged)
        assert botanu("cost").code == 0
    assert _cost(botanu) == before


def test_an_update_without_a_network_says_so(botanu: Botanu) -> None:
    """Unreachable is exit code 4, and says which prices stay in use."""
    result = botanu("prices", "update", "--url", "http://127.0.0.1:9/data.json")
    assert result.code == 4
    assert "stay in use" in result.err
