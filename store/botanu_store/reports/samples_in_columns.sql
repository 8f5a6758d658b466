-- Samples, the cheapest first: of their cost, millionths of a millionth of a dollar where these fit into an integer, which Python reads in a tenth of the
-- time of a decimal.
with units_of_money as (
    select s.*, botanu_pico_usd(s.cost_usd) as pico_usd
    from ({samples}) as s
)
select
    m.pico_usd,
    case when m.pico_usd is null then m.cost_usd end as large_usd,
    cast(m.tokens as bigint) as tokens,
    cast(m.llm_calls as bigint) as llm_calls,
    cast(m.unpriced_calls as bigint) as unpriced_calls,
    cast(m.achieved as boolean) as achieved
from units_of_money as m
order by m.cost_usd nulls last
