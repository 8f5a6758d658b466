-- What each call of one run was charged, meter by meter, with the price that was used.
select
    c.trace_id,
    c.span_id,
    c.meter,
    c.quantity,
    c.unit_usd,
    c.amount_usd,
    c.priced,
    p.usd as published_usd,
    p.unit as published_unit,
    p.source as price_source
from charges as c
left join prices as p on p.price_id = c.price_id
where c.run_id = $run_id
order by c.trace_id, c.span_id, c.amount_usd desc nulls last, c.meter
