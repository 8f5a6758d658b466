"""Prices of what is no model: by product and operation, each with its source; what is not billed is free and says why."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from botanu_store.prices.rates import parse, rates, text
from botanu_store.prices.tables import find
from botanu_store.records import METERS

from .pricing import call, cost, priced

MIB = 1024**2
TIB = 1024**4


@pytest.mark.parametrize(
    ("category", "vendor", "operation", "meters", "usd"),
    [
        ("storage", "s3", "GetObject", {"requests": 1}, "0.0000004"),
        ("storage", "s3", "GET", {"requests": 1000}, "0.0004"),
        ("storage", "s3", "PutObject", {"requests": 1}, "0.000005"),
        ("storage", "s3", "ListObjectsV2", {}, "0.000005"),
        ("storage", "s3", "DeleteObject", {"requests": 1}, "0"),
        ("storage", "gcs", "LIST", {"requests": 1}, "0.000005"),
        ("storage", "azure_blob", "PUT", {"requests": 1}, "0.000005"),
        ("database", "bigquery", "SELECT", {"bytes_scanned": TIB}, "6.25"),
        ("database", "bigquery", "SELECT", {"bytes_scanned": 1}, "0.000059604645"),
        ("database", "bigquery", "SELECT", {"bytes_scanned": 0}, "0"),
        ("database", "bigquery", "CREATE", {"bytes_scanned": TIB}, "6.25"),
        ("database", "bigquery", "DROP", {}, "0"),
        ("database", "athena", "CREATE", {"bytes_scanned": TIB}, "5"),
        ("database", "athena", "SELECT", {"bytes_scanned": TIB // 2}, "2.5"),
        ("database", "dynamodb", "GetItem", {"requests": 1}, "0.000000125"),
        ("database", "dynamodb", "PutItem", {"requests": 1}, "0.000000625"),
        ("database", "dynamodb", "Query", {"bytes_read": 4096 * 1000}, "0.000125"),
        ("database", "firestore", "SELECT", {"rows": 100}, "0.00006"),
        ("messaging", "sqs", "send", {"requests": 1, "messages": 10}, "0.0000004"),
        ("messaging", "sns", "publish", {"messages": 1}, "0.0000005"),
        ("messaging", "pubsub", "publish", {"bytes_transferred": 10}, "0.000000036380"),
        ("tool", "tavily", "execute_tool", {"requests": 1}, "0.008"),
        ("tool", "brave", "execute_tool", {}, "0.005"),
        ("tool", "serpapi", "execute_tool", {}, "0.015"),
    ],
)
def test_an_operation_costs_its_list_price(
    category: str, vendor: str, operation: str, meters: dict[str, int], usd: str
) -> None:
    """By product, class of operation and quantity; meters that the product does not bill add nothing."""
    assert cost(call(vendor, "", category, operation=operation, **meters)) == (Decimal(usd), "yes")


@pytest.mark.parametrize(
    ("category", "vendor", "operation", "model"),
    [
        ("database", "postgresql", "SELECT", ""),
        ("database", "redis", "GET", ""),
        ("database", "snowflake", "SELECT", ""),
        ("messaging", "kafka", "publish", ""),
        ("messaging", "celery", "send", ""),
        ("tool", "", "execute_tool", "my_function"),
        ("llm", "ollama", "chat", "llama3.2"),
    ],
)
def test_what_nobody_bills_by_the_operation_is_free_with_a_reason(
    category: str, vendor: str, operation: str, model: str
) -> None:
    """Zero here is a fact, and price_keys says which."""
    con = priced(call(vendor, model, category, operation=operation, requests=1, rows=10))
    assert con.execute("select cost_usd, priced from priced_calls").fetchall() == [(0, "free")]
    assert con.execute("select rule, length(reason) > 10 from price_keys").fetchall() == [("free", True)]


@pytest.mark.parametrize(
    ("category", "vendor", "model", "operation", "meters"),
    [
        ("tool", "of-somebody", "search", "execute_tool", {"requests": 1}),
        ("database", "pinecone", "", "query", {"requests": 1}),
        ("storage", "somewhere", "", "GET", {"requests": 1}),
        ("messaging", "mystery", "", "send", {"messages": 1}),
        ("database", "cosmosdb", "", "query", {"rows": 3}),
        ("database", "bigquery", "", "SELECT", {"requests": 1}),
        ("database", "bigquery", "", "CREATE", {"requests": 1}),
        ("database", "bigquery", "", "EXPORT", {"requests": 1}),
        ("database", "athena", "", "CREATE", {"requests": 1}),
        ("database", "dynamodb", "", "Query", {"rows": 7}),
        ("llm", "ollama", "gpt-oss:120b-cloud", "chat", {"input_tokens": 1}),
        ("compute", "aws.lambda", "", "invoke", {"seconds": 1}),
    ],
)
def test_what_we_do_not_know_is_unpriced(
    category: str, vendor: str, model: str, operation: str, meters: dict[str, int]
) -> None:
    """An unknown vendor, an operation whose price a span does not tell, a query without the bytes it scanned."""
    assert cost(call(vendor, model, category, operation=operation, **meters)) == (None, "no")


def test_an_emitters_amount_beats_free() -> None:
    """A program that says what its own tool cost knows better than that functions cost nothing."""
    assert cost(call("", "lookup", "tool", emitter_usd=Decimal("0.01"))) == (Decimal("0.01"), "emitter")


def test_a_list_price_is_the_one_of_the_day() -> None:
    """BigQuery went from 5 to 6.25 USD per TiB on 5 July 2023."""
    query: dict[str, Any] = {"bytes_scanned": TIB, "operation": "SELECT"}
    before = call("bigquery", "", "database", at=datetime(2023, 7, 4, 23, tzinfo=UTC), **query)
    after = call("bigquery", "", "database", at=datetime(2023, 7, 5, tzinfo=UTC), **query)
    assert (cost(before)[0], cost(after)[0]) == (5, Decimal("6.25"))


def test_every_rate_names_a_meter_and_a_source() -> None:
    """Prices without a source are opinions."""
    prices = [price for product in rates().products for price in product.prices]
    assert len(prices) > 30
    for price in prices:
        assert price.meter in METERS
        assert price.source.startswith("https://")
        assert "read 20" in price.source or "not read again" in price.source
        assert price.usd >= 0


def test_no_vendor_is_listed_twice_in_a_category() -> None:
    """The first entry would silently win."""
    names = [(entry.category, vendor) for entry in (*rates().products, *rates().free) for vendor in entry.vendors]
    assert len(names) == len(set(names))


def test_a_rates_file_is_read_from_its_text() -> None:
    """What ships is what parse() returns of it."""
    assert parse(text()) == rates()


def test_an_operation_that_a_product_does_not_list_says_so() -> None:
    """The reason names product and operation."""
    found = find("database", "cosmosdb", "", "query")
    assert (found.rule, found.reason) == ("unknown", "rates.toml lists cosmosdb, but not its operation 'query'")
