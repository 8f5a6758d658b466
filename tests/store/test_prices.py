"""The price book in the store: when it is read, how models are found in it, and what becomes of older versions."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from botanu_store.engines.duckdb import connect, migrate, store_in_memory
from botanu_store.prices.book import METERS_BY_PRICE_KEY
from botanu_store.prices.tables import book_version, find, needs_sync, sync_prices
from genai_prices.types import ModelPrice

from .pricing import call, make_views, priced, store


def test_an_empty_store_needs_its_book() -> None:
    """Until it has been read once."""
    con = store_in_memory()
    assert needs_sync(con)
    sync_prices(con)
    assert not needs_sync(con)
    assert con.execute("select count(*) > 9000 from prices").fetchall() == [(True,)]


def test_a_new_combination_in_calls_needs_a_sync() -> None:
    """So that it gets its price, once."""
    con = store()
    assert not needs_sync(con)
    con.execute("insert into calls (category, vendor, model, operation) values ('llm', 'openai', 'gpt-4o', 'chat')")
    assert needs_sync(con)
    sync_prices(con)
    assert not needs_sync(con)
    assert con.execute("select price_vendor, price_model, rule from price_keys").fetchall() == [
        ("openai", "gpt-4o", "model")
    ]


def test_a_call_resolved_anew_needs_a_sync() -> None:
    """As many calls as before, but one of them is of another model."""
    con = store(call())
    con.execute("create temp table late as select * replace ('gpt-4.1' as model) from calls")
    con.execute("delete from calls")
    con.execute("insert into calls from late")
    assert needs_sync(con)


def test_a_model_that_is_not_found_is_remembered_as_such() -> None:
    """It is not looked for again at every start."""
    con = store(call(model="nobody-knows"))
    assert con.execute("select rule, reason from price_keys").fetchall() == [
        ("unknown", "nobody-knows is not in the price book")
    ]
    assert not needs_sync(con)


def test_many_new_models_at_once_are_found_in_a_moment() -> None:
    """Names in spans are hostile input: ten thousand of them are rows, not statements."""
    con = store()
    con.execute(
        "insert into calls (category, vendor, model, operation) select 'tool', 'x', 'tool ' || i, 'execute_tool' from range(10000) as r(i)"
    )
    sync_prices(con)
    assert con.execute("select count(*) from price_keys where rule = 'unknown'").fetchall() == [(10_000,)]


def test_syncing_again_changes_nothing() -> None:
    """The same book gives the same rows."""
    con = store(call())
    before = con.execute("select * from prices order by price_id").fetchall()
    sync_prices(con)
    assert con.execute("select * from prices order by price_id").fetchall() == before
    assert con.execute("select count(*) from price_keys").fetchall() == [(1,)]


def test_no_price_is_in_the_book_twice() -> None:
    """One price per model, context, meter, moment, hour and tier, so that no charge doubles."""
    doubled = store().execute(
        "select vendor, model, context, meter, valid_from_ns, day_from_ns, tier_from, count(*) from prices where superseded is null "
        "group by all having count(*) > 1"
    )
    assert doubled.fetchall() == []


def test_batch_and_other_contexts_are_in_the_book_beside_the_standard_price() -> None:
    """They do not price calls, but can be looked at."""
    rows = store().execute(
        "select context, usd from prices where vendor = 'openai' and model = 'gpt-4o' and meter = 'input_tokens' "
        "and valid_from_ns <= 1793620800000000000 and 1793620800000000000 < valid_to_ns and context in ('standard', 'batch') order by context"
    )
    assert rows.fetchall() == [("batch", Decimal("1.25")), ("standard", Decimal("2.5"))]


def test_what_was_believed_on_a_day_can_be_priced() -> None:
    """An older book's prices stay, superseded; as of a day before, they hold; today, the new ones do."""
    con = store(call(input_tokens=1_000_000))
    learned = datetime(2026, 6, 1, tzinfo=UTC)
    con.execute("update prices set first_read = timestamp '2026-01-01'")
    con.execute(
        "update prices set superseded = timestamp '2026-06-01' where vendor = 'openai' and model = 'gpt-4o' and meter = 'input_tokens'"
    )
    con.execute(
        "insert into prices select * replace ('new' as price_id, 4 as usd, 0.000004 as unit_usd, timestamp '2026-06-01' as first_read, "
        "null as superseded) from prices where superseded is not null"
    )

    def cost(believed_at: datetime | None) -> Decimal:
        make_views(con, believed_at=believed_at)
        return con.execute("select sum(cost_usd) from priced_calls").fetchall()[0][0]

    assert cost(None) == 4
    assert cost(learned) == 4
    assert cost(datetime(2026, 5, 31, tzinfo=UTC)) == Decimal("2.5")
    assert cost(datetime(2020, 1, 1, tzinfo=UTC)) == Decimal("2.5")


def test_a_newer_book_supersedes_and_finds_again() -> None:
    """Prices that it no longer has stay with the moment they went; combinations are found anew."""
    con = store(call())
    con.execute("update price_book set version = 'older'")
    con.execute(
        "insert into prices select * replace ('gone' as price_id, 'openai' as vendor) from prices limit 1",
    )
    con.execute("update price_keys set rule = 'unknown'")
    assert needs_sync(con)
    sync_prices(con)
    assert con.execute("select price_id from prices where superseded is not null").fetchall() == [("gone",)]
    assert con.execute("select rule from price_keys").fetchall() == [("model",)]


def test_a_read_only_connection_prices_calls(tmp_path: Path) -> None:
    """With temporary tables and views only; also where the book was never read."""
    path = tmp_path / "s.duckdb"
    con = connect(path)
    migrate(con, path)
    con.execute("insert into calls (span_id, category, vendor, model, operation, start_ns, usage, counted, input_tokens) values "
                "('s', 'llm', 'openai', 'gpt-4o', 'chat', 1790000000000000000, 'reported', true, 1000000)")  # fmt: skip
    con.close()
    for synced, expected in ((False, None), (True, Decimal("2.5"))):
        if synced:
            con = connect(path)
            sync_prices(con)
            con.close()
        con = connect(path, read_only=True)
        assert needs_sync(con) is not synced
        make_views(con)
        assert con.execute("select cost_usd from priced_calls").fetchall() == [(expected,)]
        con.close()


def test_a_sync_is_part_of_the_transaction_it_is_in() -> None:
    """Rolled back, it left nothing."""
    con = store_in_memory()
    con.execute("begin")
    sync_prices(con)
    con.execute("rollback")
    assert needs_sync(con)


@pytest.mark.parametrize(
    ("vendor", "model", "expected"),
    [
        ("openai", "gpt-4o-2024-08-06", ("openai", "gpt-4o")),
        ("openai", "openai/gpt-4o", ("openai", "gpt-4o")),
        ("anthropic", "claude-sonnet-4-5-20250929", ("anthropic", "claude-sonnet-4-5")),
        ("azure.openai", "gpt-4o", ("openai", "gpt-4o")),
        (
            "aws.bedrock",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            ("aws", "regional.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ),
        ("gcp.gemini", "models/gemini-2.5-flash", ("google", "gemini-2.5-flash")),
        ("gcp.vertex_ai", "publishers/google/models/gemini-2.5-flash", ("google", "gemini-2.5-flash")),
        ("gcp.vertex_ai", "claude-sonnet-4-5@20250929", ("google", "claude-sonnet-4-5")),
        ("x.ai", "grok-3", ("x-ai", "grok-3")),
        ("openrouter", "openai/gpt-4o", ("openrouter", "openai/gpt-4o")),
        ("litellm", "anthropic/claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        ("", "gpt-4o", ("openai", "gpt-4o")),
        ("", "openai/gpt-4o", ("openai", "gpt-4o")),
        ("", "my-own", ("", "")),
        ("", "", ("", "")),
        ("somebody", "gpt-4o", ("", "")),
    ],
)
def test_a_model_is_found_under_the_names_it_goes_by(vendor: str, model: str, expected: tuple[str, str]) -> None:
    """By genai-prices' own matcher; what is ambiguous is not guessed."""
    found = find("llm", vendor, model, "chat")
    assert (found.price_vendor, found.price_model) == expected
    assert found.rule == ("model" if expected[0] else "unknown")


def test_models_without_a_price_are_free_only_where_marked_so() -> None:
    """A hole in the book is not a gift."""
    assert find("llm", "azure.openai", "phi-4-reasoning:free", "chat").rule == "free"
    assert find("llm", "cerebras", "qwen-3-coder-480b", "chat").rule == "unknown"


def test_the_library_is_imported_only_to_read_the_book() -> None:
    """It takes 0.3 s: opening a store in step must not."""
    program = (
        "import sys; from botanu_store.prices.tables import *; import botanu_store.prices.tables as p; from botanu_store.reports.views import Views; from botanu_store.engines.duckdb import *; "
        "con = store_in_memory(); p.needs_sync(con); Views(None, None).make(con); "
        "assert 'genai_prices' not in sys.modules and 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_price_that_is_looked_for_is_one_of_the_librarys() -> None:
    """A name that it does not know would be a price that no model ever has."""
    nothing = ModelPrice()
    assert {getattr(nothing, name) for name in METERS_BY_PRICE_KEY} == {None}
    with pytest.raises(AttributeError):
        _ = nothing.input_miles


def test_the_books_version_names_both_its_sources() -> None:
    """Shown with results, so that two reports can be told apart."""
    assert book_version().startswith("genai-prices 0.")
    assert ", rates " in book_version()


def test_prices_by_the_hour_of_the_day_hold_in_utc() -> None:
    """DeepSeek's reduced hours, over midnight, are told apart by the call's time."""
    day = priced(call("deepseek", "deepseek-chat", at=datetime(2025, 3, 1, 12, tzinfo=UTC), input_tokens=1_000_000))
    night = priced(call("deepseek", "deepseek-chat", at=datetime(2025, 3, 1, 20, tzinfo=UTC), input_tokens=1_000_000))
    amount = "select amount_usd from charges"
    assert day.execute(amount).fetchall() > night.execute(amount).fetchall()
