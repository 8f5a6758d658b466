-- Samples, the cheapest first, all in integers, which Python reads without making objects of them: costs in millionths of a millionth of a dollar.
-- `large`: a cost that is too much for that; it comes after the others.
with units_of_money as (
    select s.*, botanu_pico_usd(s.cost_usd) as pico_usd
    from ({samples}) as s
)
select
    m.pico_usd,
    cast(m.pico_usd is null and m.cost_usd is not null as tinyint) as large,
    cast(m.tokens as bigint) as tokens,
    cast(m.llm_calls as bigint) as llm_calls,
    cast(m.unpriced_calls as bigint) as unpriced_calls,
    cast(m.achieved as tinyint) as achieved
from units_of_money as m
order by m.cost_usd nulls last, achieved
