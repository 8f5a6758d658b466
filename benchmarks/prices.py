"""How fast calls are priced: cost by use case over generated calls and runs, by one wide row of prices and by a long join.

    python benchmarks/prices.py [CALLS]

Prints the seconds of each way, best of five, and checks that they agree to the last digit.
"""

from __future__ import annotations

import sys
import time
from decimal import Decimal

import duckdb
from botanu_store.engines.duckdb import store_in_memory
from botanu_store.prices.tables import sync_prices
from botanu_store.reports.views import Views

_COMBINATIONS = """
create temp table kinds as
select (row_number() over ()) - 1 as n, * from (values
    ('llm', 'openai', 'gpt-4o', 'chat'), ('llm', 'openai', 'gpt-4o-mini', 'chat'), ('llm', 'anthropic', 'claude-sonnet-4-5', 'chat'),
    ('llm', 'gcp.gemini', 'gemini-2.5-pro', 'chat'), ('llm', 'deepseek', 'deepseek-chat', 'chat'), ('llm', 'openai', 'unknown', 'chat'),
    ('embedding', 'openai', 'text-embedding-3-small', 'embeddings'), ('storage', 's3', '', 'GetObject'),
    ('database', 'postgresql', '', 'SELECT'), ('tool', '', 'search', 'execute_tool')
) as t(category, vendor, model, operation)
"""

_CALLS = """
insert into calls by name
select
    md5((i // 8)::varchar) as trace_id, right(md5(i::varchar), 16) as span_id, 'run' || (i // 4) as run_id,
    category, vendor, model, operation, '' as request_model, 'svc' as service,
    1760000000000000000 + i * 1000000000 as start_ns, 1760000000500000000 + i * 1000000000 as end_ns,
    false as error, 1 as attempt, 'reported' as usage, i % 50 <> 0 as counted,
    case when category in ('llm', 'embedding') then 100 + i % 5000 end as input_tokens,
    case when category = 'llm' then 10 + i % 900 end as output_tokens,
    case when category = 'llm' and i % 3 = 0 then 500 + i % 700 end as cache_read_tokens,
    case when category = 'llm' and i % 17 = 0 then 400 end as cache_write_tokens,
    case when category in ('storage', 'database') then 1 end as requests
from range($calls) as r(i)
inner join kinds on kinds.n = (hash(i) % 10)
order by i
"""

_RUNS = """
insert into runs by name
select 'run' || i as run_id, 'use case ' || (hash(i) % 12) as use_case, 1760000000000000000 + i * 4000000000 as start_ns
from range($calls // 4) as r(i)
"""

_BY_USE_CASE = """
select r.use_case, sum(c.{amount}) as cost, count(*) as lines
from runs as r inner join {relation} as c on c.run_id = r.run_id
group by r.use_case order by r.use_case
"""


def main() -> None:
    """Generate, measure, compare."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    con = store_in_memory()
    con.execute("set threads = 2")
    con.execute(_COMBINATIONS)
    con.execute(_CALLS.replace("$calls", str(calls)))
    con.execute(_RUNS.replace("$calls", str(calls)))
    print(f"{calls:,} calls, {calls // 4:,} runs, 2 threads")
    _timed("sync_prices", lambda: sync_prices(con), repeats=1)
    _timed("views of money", lambda: Views(None, None).make(con))
    _timed("sum of calls' tokens by use case", lambda: _by_use_case(con, "calls", "input_tokens"))
    wide = _timed("cost by use case, wide (counted_calls)", lambda: _by_use_case(con, "counted_calls", "cost_usd"))
    long = _timed("cost by use case, long (charges)", lambda: _by_use_case(con, "charges", "amount_usd"))
    print("agree" if wide == long else "DIFFER", sum(wide.values(), Decimal(0)))


def _by_use_case(con: duckdb.DuckDBPyConnection, relation: str, amount: str) -> dict[str, Decimal]:
    rows = con.execute(_BY_USE_CASE.format(relation=relation, amount=amount)).fetchall()
    return {use_case: cost for use_case, cost, _ in rows}


def _timed(what: str, work, repeats: int = 5):  # noqa: ANN001, ANN202
    seconds, result = [], None
    for _ in range(repeats):
        begun = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begun)
    print(f"{min(seconds):8.3f} s  {what}")
    return result


if __name__ == "__main__":
    main()
