-- Kinds of counted calls that have no price, or not for all they used, and why.
select
    c.category as category,
    c.vendor as vendor,
    c.model as model,
    c.operation as operation,
    c.usage,
    count(*) as calls,
    cast(coalesce(sum({input_tokens}), 0) as bigint) as input_tokens,
    cast(coalesce(sum({output_tokens}), 0) as bigint) as output_tokens,
    case
        when c.usage = 'none' then 'nobody recorded what it used'
        when any_value(k.rule) = 'rate' then 'nobody recorded what it is billed by'
        else coalesce(nullif(any_value(k.reason), ''), 'a meter that it used has no price')
    end as reason
from priced_calls as c
inner join runs as r on r.run_id = c.run_id
left join price_keys as k on k.category = c.category and k.vendor = c.vendor and k.model = c.model and k.operation = c.operation
where c.run_id in (select run_id from usage_lines where unpriced_calls > 0) and c.counted and c.priced = 'no' and {run_filter} and ({call_filter})
group by c.category, c.vendor, c.model, c.operation, c.usage
order by calls desc, c.category, c.vendor, c.model, c.operation
