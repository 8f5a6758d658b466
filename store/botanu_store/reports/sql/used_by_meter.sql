-- What each run used and cost of each meter, apart where its calls differ in what a report asks for: the meters first beside each other and then below
-- each other, which is a third of the rows that the charges are.
select *
from (
    select
        c.used_run_id,
        {other_dimensions}
        m.meter,
        {calls} as used_calls,
        {unpriced} as used_unpriced,
        {input} as used_input,
        {output} as used_output,
        {cached} as used_cached,
        {amount} as used_usd
    from (
        select
            c.run_id as used_run_id,
            {call_dimensions}
            {sums}
        from metered_calls as c
        {of_runs}
        where {run_filter} and ({call_filter})
        group by all
    ) as c
    cross join {meters} as m
) as u
where u.used_calls > 0
