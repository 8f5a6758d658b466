"""What the user says of prices goes before the book: read from TOML, checked, matched, dated, applied."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from botanu_store.errors import InputError
from botanu_store.prices.overrides import Discount, Overrides, UserPrice, read_overrides
from botanu_store.settings_file import read_settings

from .pricing import call, charges, cost, make_views, priced, store

MILLION = 1_000_000


def overrides(tmp_path: Path, toml: str) -> Overrides | None:
    path = tmp_path / "botanu.toml"
    path.write_text(toml)
    return read_overrides(read_settings(path))


def test_a_price_replaces_the_books_for_the_meters_it_names(tmp_path: Path) -> None:
    """The others stay as published."""
    ours = overrides(tmp_path, '[prices."openai/gpt-4o"]\ninput = 2.00\n')
    one = call(input_tokens=MILLION, cache_read_tokens=MILLION, output_tokens=MILLION)
    assert charges(priced(one, overrides=ours)) == [
        ("cache_read_tokens", MILLION, Decimal("1.25"), "yes"),
        ("input_tokens", MILLION, 2, "yes"),
        ("output_tokens", MILLION, 10, "yes"),
    ]


def test_a_price_for_a_model_that_the_book_does_not_know(tmp_path: Path) -> None:
    """Cached and audio tokens fall back to its input price, as in the book; what has no price at all stays unpriced."""
    ours = overrides(tmp_path, '[prices."my-finetune"]\ninput = 1\noutput = "3.5"\n')
    one = call(model="My-Finetune", input_tokens=MILLION, cache_read_tokens=MILLION, output_tokens=MILLION)
    assert cost(one, ours) == (Decimal("5.5"), "yes")
    assert cost({**one, "web_searches": 2}, ours) == (Decimal("5.5"), "no")


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ("gpt-4o", True),
        ("openai/gpt-4o", True),
        ("openai", True),
        ("OpenAI/GPT-4o", True),
        ("gpt-*", True),
        ("*/gpt-4o", True),
        ("openai/*", True),
        ("gpt-4", False),
        ("gpt_4o", False),
        ("azure.openai/gpt-4o", False),
        ("gpt-4o-mini", False),
        ("%", False),
    ],
)
def test_a_pattern_matches_a_model_a_vendor_or_both_and_nothing_else(
    tmp_path: Path, pattern: str, *, holds: bool
) -> None:
    """`*` is the only special character; case does not matter."""
    ours = overrides(tmp_path, f'[prices."{pattern}"]\ninput = 7\n')
    assert cost(call(input_tokens=MILLION), ours)[0] == (7 if holds else Decimal("2.5"))


@pytest.mark.parametrize(
    ("vendor", "model", "pattern"),
    [
        ("azure.openai", "gpt-4o", "azure/gpt-4o"),
        ("azure.ai.inference", "my-deployment", "Azure/my-*"),
        ("gcp.vertex_ai", "gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("gcp.gemini", "gemini-2.5-pro", "google"),
        ("x.ai", "grok-4", "x-ai/*"),
    ],
)
def test_a_vendor_may_be_named_as_the_book_names_it(tmp_path: Path, vendor: str, model: str, pattern: str) -> None:
    """As `prices show` has it: a price or discount of google's holds for both of the vendors that calls know it by, and for no other."""
    one, other = call(vendor, model, input_tokens=MILLION), call(input_tokens=MILLION)
    ours = overrides(tmp_path, f'[prices]\n"{pattern}" = {{input = 7}}\n')
    assert [cost(one, ours)[0], cost(other, ours)[0]] == [7, Decimal("2.5")]
    if model != "my-deployment":
        ours = overrides(tmp_path, f'[discounts]\n"{pattern}" = "100%"\n')
        assert [cost(one, ours), cost(other, ours)] == [(0, "yes"), (Decimal("2.5"), "yes")]


def test_the_most_specific_pattern_holds(tmp_path: Path) -> None:
    """Whatever the order in the file; a name without `*` before one with."""
    ours = overrides(
        tmp_path,
        '[prices."openai/gpt-4o"]\ninput = 1\n[prices."gpt-4o"]\ninput = 2\n[prices."openai/gpt-4*"]\ninput = 3\n[prices."*"]\noutput = 4\n',
    )
    assert cost(call(input_tokens=MILLION, output_tokens=MILLION), ours)[0] == 1 + 4
    assert cost(call(model="gpt-4.1", input_tokens=MILLION), ours)[0] == 3


def test_a_model_goes_before_its_vendor_whichever_name_is_longer(tmp_path: Path) -> None:
    """A vendor's price or discount is for the models that have none of their own."""
    ours = overrides(
        tmp_path,
        '[prices]\n"azure.openai" = {input = 3}\n"gpt-4o" = {input = 2}\n[discounts]\nopenai = "10%"\no3 = "50%"\n"o*" = "60%"\n',
    )
    models = ("azure.openai", "gpt-4o"), ("azure.openai", "o3"), ("openai", "o3"), ("openai", "o4-mini")
    costs = [cost(call(*model, input_tokens=MILLION), ours)[0] for model in models]
    assert costs == [2, 3, 1, Decimal("0.99")]


def test_of_equally_specific_prices_the_later_holds(tmp_path: Path) -> None:
    """And one for an operation goes before one for all."""
    ours = overrides(
        tmp_path,
        '[[prices.gpt-4o]]\ninput = 4\noperation = "ch*"\n[[prices.gpt-4o]]\ninput = 1\noutput = 1\n[[prices.gpt-4o]]\noutput = 2\n',
    )
    assert cost(call(input_tokens=MILLION, output_tokens=MILLION), ours)[0] == 4 + 2
    assert cost(call(operation="other", input_tokens=MILLION), ours)[0] == 1


def test_prices_can_be_dated(tmp_path: Path) -> None:
    """From a day, inclusive, until a day, exclusive, in UTC; outside, the book holds."""
    ours = overrides(
        tmp_path,
        "[[prices.gpt-4o]]\ninput = 1\nuntil = 2026-03-01\n[[prices.gpt-4o]]\ninput = 2\nfrom = 2026-03-01\nuntil = 2026-06-01T12:00:00Z\n",
    )
    moments = [
        datetime(2026, 2, 28, 23, 59, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 6, 1, 11, tzinfo=UTC),
        datetime(2026, 6, 1, 12, tzinfo=UTC),
    ]
    assert [cost(call(at=at, input_tokens=MILLION), ours)[0] for at in moments] == [1, 2, 2, Decimal("2.5")]


@pytest.mark.parametrize(
    ("dates", "usd"),
    [
        ("until = 9999-12-31", "1"),
        ("from = 0001-01-01", "1"),
        ("from = 0001-01-01\nuntil = 9999-12-31T23:59:59Z", "1"),
        ("from = 9999-12-31", "2.5"),
        ("until = 0001-01-01", "2.5"),
    ],
)
def test_a_date_beyond_all_calls_is_always_or_never(tmp_path: Path, dates: str, usd: str) -> None:
    """Whoever writes 9999-12-31 means that a price has no end."""
    ours = overrides(tmp_path, f"[prices.gpt-4o]\ninput = 1\n{dates}\n[discounts.openai]\ndiscount = 0\n{dates}\n")
    assert cost(call(input_tokens=MILLION), ours) == (Decimal(usd), "yes")


def test_a_discount_comes_off_the_published_price_of_a_vendor(tmp_path: Path) -> None:
    """As a percentage or a share; the more specific one holds; the user's own prices are what the user pays."""
    ours = overrides(
        tmp_path,
        '[discounts]\nopenai = "20%"\n"openai/gpt-4o" = 0.5\nanthropic = {discount = "10%", from = 2026-06-01}\n[prices."gpt-4.1"]\ninput = 9\n',
    )
    assert cost(call(input_tokens=MILLION), ours)[0] == Decimal("1.25")
    assert cost(call(model="gpt-4o-mini", input_tokens=MILLION), ours)[0] == Decimal("0.12")
    assert cost(call(model="gpt-4.1", input_tokens=MILLION), ours)[0] == 9
    claude = ("anthropic", "claude-sonnet-4-5")
    assert cost(call(*claude, input_tokens=100_000), ours)[0] == Decimal("0.27")
    assert cost(call(*claude, at=datetime(2026, 5, 31, tzinfo=UTC), input_tokens=100_000), ours)[0] == Decimal("0.3")


@pytest.mark.parametrize("pattern", ["gpt-4o", "GPT-4o", "gpt-4*", "openai/gpt-4o", "openai", "*"])
def test_a_discount_is_matched_as_a_price_is(tmp_path: Path, pattern: str) -> None:
    """Against the model too, not only its vendor: one that never came off would say nothing."""
    ours = overrides(tmp_path, f'[discounts]\n"{pattern}" = "20%"\n')
    assert cost(call(input_tokens=MILLION), ours) == (2, "yes")


def test_a_discount_comes_off_to_the_last_digit(tmp_path: Path) -> None:
    """A share that a contract names with many digits is not rounded before it comes off."""
    ours = overrides(tmp_path, '[discounts]\nopenai = "12.3456789%"\n')
    assert cost(call(input_tokens=MILLION), ours) == (Decimal("2.1913580275"), "yes")


def test_a_discount_holds_for_products_too(tmp_path: Path) -> None:
    """Bytes scanned are discounted like tokens."""
    ours = overrides(tmp_path, '[discounts]\nbigquery = "20%"\n')
    assert cost(call("bigquery", "", "database", operation="SELECT", bytes_scanned=1024**4), ours) == (5, "yes")


def test_a_tool_has_a_price_per_call(tmp_path: Path) -> None:
    """By its name, whoever serves it, and only tools: a model of that name keeps its price."""
    ours = overrides(
        tmp_path, '[tools]\nlookup = 0.02\n"search_*" = {per_call = 0.005, from = 2026-01-01}\ngpt-4o = 3\n'
    )
    assert cost(call("", "lookup", "tool"), ours) == (Decimal("0.02"), "yes")
    assert cost(call("somebody", "search_web", "tool", bytes_transferred=10), ours) == (Decimal("0.005"), "yes")
    assert cost(call("", "other", "tool"), ours) == (0, "free")
    assert cost(call(input_tokens=MILLION), ours)[0] == Decimal("2.5")


def test_a_fixed_price_per_use_stands_in_for_everything_else(tmp_path: Path) -> None:
    """Of a model, a database, anything; usage that nobody recorded does not matter then."""
    ours = overrides(tmp_path, "[prices.snowflake]\nper_call = 0.01\n[prices.gpt-4o]\nper_call = 0.5\n")
    assert cost(call("snowflake", "", "database", operation="SELECT", rows=10), ours) == (Decimal("0.01"), "yes")
    assert cost(call(input_tokens=MILLION, web_searches=1), ours) == (Decimal("0.5"), "yes")
    assert cost(call(usage="none"), ours) == (Decimal("0.5"), "yes")


def test_a_price_per_call_beside_others_is_added_to_them(tmp_path: Path) -> None:
    """Named together they are one price."""
    ours = overrides(tmp_path, "[prices.gpt-4o]\nper_call = 0.5\ninput = 1\n")
    assert cost(call(input_tokens=MILLION, output_tokens=MILLION), ours) == (Decimal("11.5"), "yes")


def test_a_price_can_be_for_some_operations_only(tmp_path: Path) -> None:
    """S3 in another region: its PUT requests cost more."""
    ours = overrides(tmp_path, '[prices.s3]\nrequests = 0.000007\noperation = "Put*"\n')
    assert cost(call("s3", "", "storage", operation="PutObject"), ours)[0] == Decimal("0.000007")
    assert cost(call("s3", "", "storage", operation="GetObject"), ours)[0] == Decimal("0.0000004")


def test_units_are_those_that_vendors_publish(tmp_path: Path) -> None:
    """Tokens and characters by the million, bytes by the tebibyte, seconds by the hour, all else by the piece."""
    ours = overrides(
        tmp_path,
        "[prices.mine]\ninput = 1\ncharacters = 2\nbytes_scanned = 3\nseconds = 4\nweb_searches = 0.5\npages = 0.1\n",
    )
    one = call(
        model="mine",
        input_tokens=MILLION,
        characters=MILLION,
        bytes_scanned=1024**4,
        seconds=1800,
        web_searches=1,
        pages=2,
    )
    assert cost(one, ours) == (Decimal("8.7"), "yes")


def test_a_price_of_the_user_is_named_in_the_charges(tmp_path: Path) -> None:
    """As what it is, by the pattern that matched."""
    con = priced(call(input_tokens=1), overrides=overrides(tmp_path, '[prices."gpt-*"]\ninput = 7\n'))
    assert con.execute("select price_id, unit_usd from charges").fetchall() == [("user:gpt-*", Decimal("0.000007"))]


def test_new_calls_are_priced_by_the_same_overrides(tmp_path: Path) -> None:
    """A connection that takes in calls after the overrides were given sees them priced once the book is in step."""
    from botanu_store.prices.tables import sync_prices

    con = store()
    make_views(con, overrides(tmp_path, '[prices."gpt-*"]\ninput = 7\n'))
    names, values = zip(*call(span_id="s", input_tokens=MILLION).items(), strict=True)
    con.execute(f"insert into calls ({', '.join(names)}) values ({', '.join('?' * len(values))})", list(values))
    sync_prices(con)
    assert con.execute("select cost_usd from priced_calls").fetchall() == [(7,)]


@pytest.mark.parametrize(
    "toml", ["", "[values]\nticket = 4.5\n", '[[budgets]]\nname = "x"\nmax_usd = 0.05\n', "[prices]\n"]
)
def test_a_file_that_says_nothing_of_prices_gives_nothing(tmp_path: Path, toml: str) -> None:
    """Other sections belong to others."""
    assert overrides(tmp_path, toml) is None


def test_pyproject_is_read_under_tool_botanu(tmp_path: Path) -> None:
    """Prices elsewhere in it are somebody else's."""
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.botanu.discounts]\nopenai = "15%"\n[tool.other.prices]\nfoo = 1\n')
    assert read_overrides(read_settings(path)) == Overrides(discounts=(Discount("openai", Decimal("0.15")),))
    path.write_text('[project]\nname = "x"\n')
    assert read_overrides(read_settings(path)) is None


def test_numbers_are_exact(tmp_path: Path) -> None:
    """0.1 in the file is a tenth, not the double nearest to it."""
    found = overrides(tmp_path, "[prices.m]\ninput = 0.1\n")
    assert found is not None
    assert found.prices == (UserPrice("m", "input_tokens", Decimal("0.1"), MILLION),)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[prices.m]\ninptu = 1\n", "prices.m has an unknown key 'inptu'. Did you mean input? Choose from input,"),
        ("[prices.m]\ninput = -1\n", "prices.m.input is -1."),
        ("[prices.m]\ninput = true\n", "prices.m.input is True"),
        ("[prices.m]\ninput = nan\n", "prices.m.input is NaN."),
        ("[prices.m]\ninput = 1e99999999999999999999\n", "prices.m.input is '1e99999999999999999999'."),
        ("[discounts]\nm = 1e-99999999999999999999\n", "discounts.m is '1e-99999999999999999999'."),
        ("[prices.m]\ninput = 999999.9999999999999\n", "prices.m.input is 999999.9999999999999."),
        ('[prices.m]\ninput = "cheap"\n', "prices.m.input is 'cheap'. Give an amount in USD"),
        ("[prices.m]\nfrom = 2026-01-01\n", "prices.m names no price"),
        ('[prices.m]\ninput = 1\nfrom = "yesterday"\n', "prices.m.from is 'yesterday'. Give a date without quotes"),
        ("[prices.m]\ninput = 1\nfrom = 2026-02-01\nuntil = 2026-01-01\n", "prices.m ends before it begins"),
        ("[prices]\nm = 3\n", "prices.m must be a table, not 3"),
        ("prices = 3\n", "prices must be a table, not 3"),
        ("[prices.m]\ninput = 1\noperation = 3\n", "prices.m.operation is 3. Give text"),
        ('[discounts]\nopenai = "150%"\n', "discounts.openai is '150%'. Give a share"),
        ('[discounts]\nopenai = "much"\n', "discounts.openai is 'much'"),
        (
            "[discounts]\nopenai = {dsicount = 0.1}\n",
            "discounts.openai has an unknown key 'dsicount'. Did you mean discount?",
        ),
        ("[discounts]\nopenai = {from = 2026-01-01}\n", "discounts.openai is None"),
        ("[tools]\nt = {per_cal = 1}\n", "tools.t has an unknown key 'per_cal'. Did you mean per_call?"),
        ("[tools]\nt = {}\n", "tools.t names no price"),
        ('[prices]\n"" = { input = 1 }\n', 'prices."" names nothing'),
        ('[discounts]\n" " = "5%"\n', 'discounts." " names nothing'),
        ('[tools]\n"" = 1\n', 'tools."" names nothing'),
        ("[tools]\nt = 1000000\n", "tools.t is 1000000"),
        (
            "[prices.gpt-4.1]\ninput = 1\n",
            "prices.gpt-4 holds a table '1'. A name with a dot needs quotes: \"gpt-4.1\".",
        ),
        ("[prices.m\n", "is not TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(tmp_path: Path, toml: str, said: str) -> None:
    """File, key, value, and what is allowed."""
    with pytest.raises(InputError) as caught:
        overrides(tmp_path, toml)
    assert str(tmp_path / "botanu.toml") in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("# mine\n[prices.m]\n\ninput = -1\n", 4),
        ('[prices]\n"a=b" = {input = 1}\n"c" = {inptu = 1}\n', 3),
        ("[[prices.m]]\ninput = 1\n[[prices.m]]\nuntil = 2026-01-01\n", 1),
        ("prices.m.input = -1\n", 1),
    ],
)
def test_what_is_refused_is_pointed_at(tmp_path: Path, toml: str, line: int) -> None:
    """The message names the line that says it, or the nearest that begins it."""
    with pytest.raises(InputError, match=f"botanu.toml, line {line}: "):
        overrides(tmp_path, toml)


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    """With its name and why."""
    with pytest.raises(InputError, match=r"missing\.toml cannot be read: No such file"):
        read_settings(tmp_path / "missing.toml")


def test_the_documented_example_is_accepted_and_does_what_it_says(tmp_path: Path) -> None:
    """The block in docs/concepts/how-costs-are-computed.md, as it stands."""
    page = (Path(__file__).parents[2] / "docs" / "concepts" / "how-costs-are-computed.md").read_text("utf-8")
    ours = overrides(tmp_path, page.split("```toml\n")[1].split("```")[0])
    many = {"input_tokens": MILLION, "cache_read_tokens": MILLION, "output_tokens": MILLION}
    assert cost(call(**many), ours) == (Decimal("11.25"), "yes")
    assert cost(call(model="my-finetune", **many), ours) == (Decimal("2.05"), "yes")
    assert cost(call(model="acme-large", **many), ours) == (14, "yes")
    assert cost(call(model="acme-large", at=datetime(2026, 6, 30, tzinfo=UTC), **many), ours) == (21, "yes")
    assert cost(call("snowflake", "", "database", rows=5), ours) == (Decimal("0.01"), "yes")
    assert cost(call("", "web_search", "tool"), ours) == (Decimal("0.008"), "yes")
