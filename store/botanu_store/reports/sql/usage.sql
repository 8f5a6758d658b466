-- What was used and what it cost, line by line, in columns that add up: a report sums them, whether a line is a call or all that a run did of one kind.
create or replace temp view usage_by_call as
select
    *,
    1 as calls,
    cast(category in ('llm', 'embedding') as integer) as llm_calls,
    cast(priced = 'no' as integer) as unpriced_calls,
    cast(error as integer) as failed_calls,
    case when error then cost_usd end as failed_usd
from counted_calls;

-- What the reports read: the runs' sums where these hold, calls where they do not.
create or replace temp view usage_lines as {lines};

-- Each run with what it used, NULL where it has no counted call: what is kept with it where that holds, lines added up where it does not.
create or replace temp view costed_runs as {runs};
