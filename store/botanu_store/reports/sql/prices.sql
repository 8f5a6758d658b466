-- What each kind of call in the store is priced at, at this hour, whenever it changed: one row per meter that has a price of its own, one without a meter
-- where there is none.
select distinct
    k.category,
    k.vendor,
    k.model,
    case when k.category in ('llm', 'embedding') then null else k.operation end as operation,
    'standard' as context,
    g.meter,
    g.usd,
    p.unit,
    b.tier_from,
    b.tier_to,
    b.from_ns as valid_from_ns,
    b.to_ns as valid_to_ns,
    case
        when g.origin = 0 then 'yours'
        when g.meter is not null and g.usd <> p.usd then 'discounted'
        when g.meter is not null then 'published'
        when k.rule = 'free' then 'free'
        else 'unpriced'
    end as rule,
    case when g.origin = 0 then 'your settings' else coalesce(p.source, k.reason) end as source,
    g.price_id
from price_combinations as k
inner join price_boxes as b on b.key_id = k.key_id
left join price_grid as g on g.box_id = b.box_id and g.billed_as = g.meter
left join prices as p on p.price_id = g.price_id and p.superseded is null
where b.day_from_ns <= $now_ns % 86400000000000 and $now_ns % 86400000000000 < b.day_to_ns
order by k.category, k.vendor, k.model, operation, g.meter, b.tier_from, b.from_ns
