"""Quantities become money: one charge per meter, one cost per call, and the same sum whichever is added up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from botanu_store.engines.duckdb import store_in_memory
from botanu_store.filters import NO_CONDITIONS
from botanu_store.prices.money import LINES, by_meter
from botanu_store.records import METERS
from botanu_store.reports.text import filled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .pricing import call, charges, cost, costs, make_views, priced, store


def usd(text: str) -> Decimal:
    return Decimal(text)


def test_each_meter_of_a_call_is_one_charge_at_its_own_price() -> None:
    """gpt-4o: 2.50, 1.25 and 10 USD per million (openai.com/api/pricing)."""
    con = priced(call(input_tokens=1000, cache_read_tokens=500, output_tokens=100))
    assert charges(con) == [
        ("cache_read_tokens", 500, usd("0.000625"), "yes"),
        ("input_tokens", 1000, usd("0.0025"), "yes"),
        ("output_tokens", 100, usd("0.001"), "yes"),
    ]
    assert con.execute("select cost_usd, priced, unpriced_meters, discrepancy from priced_calls").fetchall() == [
        (usd("0.004125"), "yes", 0, False)
    ]


def test_a_price_that_no_decimal_holds_is_exact_for_millions_of_tokens() -> None:
    """OpenRouter sells a million tokens for a twelfth of a dollar; the charges still add up to the call's cost."""
    con = priced(call("openrouter", "google/gemini-2.5-flash", input_tokens=7, cache_write_tokens=1_200_000))
    written = [amount for meter, _, amount, _ in charges(con) if meter == "cache_write_tokens"]
    assert written == [usd("0.1")]
    assert con.execute("select cost_usd from priced_calls").fetchall()[0][0] == written[0] + usd("0.0000021")


def test_every_amount_names_the_price_it_came_from() -> None:
    """A charge's price id leads to one row of the price book, with its source."""
    con = priced(call(input_tokens=1000))
    rows = con.execute(
        "select p.vendor, p.model, p.meter, p.usd, p.per, p.source from charges as c inner join prices as p on p.price_id = c.price_id"
    ).fetchall()
    assert [row[:5] for row in rows] == [("openai", "gpt-4o", "input_tokens", usd("2.5"), 1_000_000)]
    assert rows[0][5].startswith("genai-prices https://")


def test_an_unknown_model_is_unpriced_and_never_free() -> None:
    """Its cost is NULL, its charges are NULL, and it says how many."""
    con = priced(call(model="of-my-own", input_tokens=10, output_tokens=5))
    assert con.execute("select cost_usd, priced, unpriced_meters from priced_calls").fetchall() == [(None, "no", 2)]
    assert charges(con) == [("input_tokens", 10, None, "no"), ("output_tokens", 5, None, "no")]


def test_a_call_whose_usage_nobody_recorded_is_unpriced() -> None:
    """Its one request stands for it, so that it is seen in every breakdown."""
    con = priced(call(usage="none"))
    assert con.execute("select cost_usd, priced, unpriced_meters from priced_calls").fetchall() == [(None, "no", 1)]
    assert charges(con) == [("requests", 1, None, "no")]


def test_a_free_call_costs_nothing() -> None:
    """The vendor bills such calls (count_tokens) at nothing, whatever the model."""
    assert cost(call(usage="free", input_tokens=1000)) == (0, "free")
    assert cost(call(model="unknown", usage="free")) == (0, "free")


def test_the_emitters_amount_is_used_where_we_have_no_price() -> None:
    """It is a line of its own, and the tokens stay on theirs."""
    con = priced(call(model="unknown", input_tokens=10, emitter_usd=usd("0.25")))
    assert charges(con) == [("emitter", 1, usd("0.25"), "emitter"), ("input_tokens", 10, 0, "emitter")]
    assert cost(call(usage="none", emitter_usd=usd("0.5"))) == (usd("0.5"), "emitter")


@pytest.mark.parametrize(
    ("emitted", "differs"), [("0.0025", False), ("0.002525", False), ("0.002526", True), ("0.0024", True), ("0", True)]
)
def test_our_price_stands_beside_a_differing_emitter(emitted: str, *, differs: bool) -> None:
    """More than one percent apart is a discrepancy; ours counts."""
    con = priced(call(input_tokens=1000, emitter_usd=usd(emitted)))
    assert con.execute("select cost_usd, priced, discrepancy from priced_calls").fetchall() == [
        (usd("0.0025"), "yes", differs)
    ]


def test_a_meter_that_the_model_does_not_price_makes_its_cost_a_lower_bound() -> None:
    """The known part is the cost, marked as not priced."""
    con = priced(call(input_tokens=1000, pages=3))
    assert con.execute("select cost_usd, priced, unpriced_meters from priced_calls").fetchall() == [
        (usd("0.0025"), "no", 1)
    ]
    assert charges(con) == [("input_tokens", 1000, usd("0.0025"), "yes"), ("pages", 3, None, "no")]
    assert cost(call(input_tokens=1000, pages=3, emitter_usd=usd("0.01"))) == (usd("0.01"), "emitter")


def test_a_model_that_does_not_bill_requests_is_not_unpriced_for_having_made_one() -> None:
    """A request is billed only by the models that say so."""
    assert cost(call(input_tokens=1000, requests=1)) == (usd("0.0025"), "yes")
    assert cost(call("perplexity", "sonar", input_tokens=1000)) == (usd("0.013"), "yes")


def test_a_call_that_is_not_counted_costs_nothing_and_charges_nothing() -> None:
    """It is shown, without an amount."""
    con = priced(call(input_tokens=1000, counted=False))
    assert con.execute("select cost_usd, priced, unpriced_meters from priced_calls").fetchall() == [(None, None, None)]
    assert charges(con) == []
    assert con.execute("from counted_calls").fetchall() == []


def test_the_price_is_the_one_of_the_calls_moment() -> None:
    """o3 became cheaper on 10 June 2025: from 10 to 2 USD per million input tokens."""
    before = call(model="o3", at=datetime(2025, 6, 9, 23, 59, 59, 999_999, tzinfo=UTC), input_tokens=1000)
    after = call(model="o3", at=datetime(2025, 6, 10, tzinfo=UTC), input_tokens=1000)
    assert (cost(before)[0], cost(after)[0]) == (usd("0.01"), usd("0.002"))


def test_the_tier_goes_by_all_input_of_the_call() -> None:
    """Gemini 2.5 Pro doubles its input price above 200,000 tokens, cached ones included, for all of them."""
    model = ("gcp.gemini", "gemini-2.5-pro")
    below = priced(call(*model, input_tokens=199_999, cache_read_tokens=1))
    above = priced(call(*model, input_tokens=199_999, cache_read_tokens=2))
    unit = "select unit_usd from charges where meter = 'input_tokens'"
    assert below.execute(unit).fetchall() == [(usd("0.00000125"),)]
    assert above.execute(unit).fetchall() == [(usd("0.0000025"),)]


@pytest.mark.parametrize(
    "unused",
    [
        call("bigquery", "", "database", operation="SELECT", bytes_scanned=0),
        call("groq", "whisper-large-v3", operation="speech_to_text", seconds=0),
    ],
)
def test_a_minimum_is_billed_only_for_what_was_used(unused: dict[str, Any]) -> None:
    """A query answered from a cache scans nothing and costs nothing, added up by charge or by call."""
    con = priced(unused)
    assert [amount for _, _, amount, _ in charges(con)] == [0]
    assert costs(con) == [(0, "yes")]


def test_hostile_quantities_break_no_query() -> None:
    """The largest number a span can hold still has a cost."""
    assert cost(call(input_tokens=2**63 - 1, output_tokens=2**63 - 1, seconds=2**63 - 1))[1] == "no"


def test_a_store_without_a_price_book_has_the_views_too() -> None:
    """A fresh store answers before any price has been read."""
    con = store_in_memory()
    make_views(con)
    for relation in ("charges", "priced_calls", "counted_calls", "metered_calls"):
        assert con.execute(f"from {relation}").fetchall() == []


_KINDS = [
    ("llm", "openai", "gpt-4o"),
    ("llm", "anthropic", "claude-sonnet-4-5"),
    ("llm", "gcp.gemini", "gemini-2.5-pro"),
    ("llm", "deepseek", "deepseek-chat"),
    ("llm", "perplexity", "sonar"),
    ("llm", "openai", "whisper-1"),
    ("llm", "groq", "whisper-large-v3"),
    ("llm", "openai", "unknown"),
    ("embedding", "openai", "text-embedding-3-small"),
    ("storage", "s3", ""),
    ("storage", "unknown", ""),
    ("database", "postgresql", ""),
    ("database", "bigquery", ""),
    ("messaging", "sqs", ""),
    ("tool", "", "my_function"),
    ("tool", "unknown", "search"),
]
_calls = st.builds(
    lambda kind, meters, rest: {**call(kind[1], kind[2], kind[0]), **meters, **rest},
    st.sampled_from(_KINDS),
    st.dictionaries(st.sampled_from(list(METERS)), st.integers(1, 10**7), max_size=5),
    st.fixed_dictionaries(
        {
            "usage": st.sampled_from(["reported", "reported", "reported", "none", "free"]),
            "counted": st.sampled_from([True, True, True, False]),
            "emitter_usd": st.none() | st.decimals(0, 10, places=6),
            "operation": st.sampled_from(["chat", "GetObject", "PutObject", "SELECT", "send"]),
            "start_ns": st.integers(1_600_000_000_000_000_000, 1_800_000_000_000_000_000),
        }
    ),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_calls, max_size=30))
def test_charges_calls_and_meters_add_up_to_the_same(calls: list[dict[str, Any]]) -> None:
    """Of every call: cost, tokens, and what is unpriced, to the last digit, as calls, as charges, and as the report by meter adds them up."""
    con = store(*calls)
    make_views(con)
    sums = "select span_id, sum({amount}) as cost, {tokens} sum({unpriced}) > 0 as unpriced from {relation} group by span_id order by span_id"
    tokens = "sum({}input{}) :: bigint, sum({}output{}) :: bigint, sum({}cached{}) :: bigint,"
    of_calls = {
        "amount": "cost_usd",
        "tokens": tokens.format(*("", "_tokens") * 3),
        "unpriced": "(priced = 'no') :: int",
    }
    of_meters = {"amount": "used_usd", "tokens": tokens.format(*("used_", "") * 3), "unpriced": "used_unpriced"}
    of_charges = {"amount": "amount_usd", "tokens": "", "unpriced": "(priced = 'no') :: int"}
    meters = filled(
        "used_by_meter",
        NO_CONDITIONS,
        call_dimensions="c.span_id,",
        other_dimensions="c.span_id,",
        **by_meter(LINES),
    )
    by_call = con.execute(sums.format(relation="counted_calls", **of_calls)).fetchall()
    assert by_call == con.execute(sums.format(relation=f"({meters})", **of_meters)).fetchall()
    charged = con.execute(sums.format(relation="charges", **of_charges)).fetchall()
    assert [(span, amount, unpriced) for span, amount, *_, unpriced in by_call] == charged
    lines = con.execute(f"select coalesce(sum(used_calls), 0) from ({meters})").fetchall()
    assert lines == con.execute("select count(*) from charges").fetchall()
    unpriced = con.execute(
        "select span_id, unpriced_meters from priced_calls where counted and unpriced_meters > 0 order by span_id"
    ).fetchall()
    assert (
        unpriced
        == con.execute(
            "select span_id, count(*) from charges where priced = 'no' group by span_id order by span_id"
        ).fetchall()
    )
    assert (
        con.execute("select count(*) from calls").fetchall()
        == con.execute("select count(*) from priced_calls").fetchall()
    )
