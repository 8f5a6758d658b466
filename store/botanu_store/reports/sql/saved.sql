-- Cached tokens of calls whose price is known, by the prices that they have together: only these are multiplied, not each call's.
select
    c.vendor,
    {product} as product,
    c.exact,
    {cached_and_saved}
from (
    select
        c.box_id,
        {cached}
    from costed_calls as c
    {of_runs}
    where c.priced = 'yes' and ({any_cached}) and {run_filter} and ({call_filter})
    group by 1
) as b
inner join (
    select *, key_vendor as vendor, key_model as model, key_category as category, key_operation as operation
    from price_rows
) as c on c.box_id = b.box_id
