-- What a total rests on: calls counted, calls without a price, spans left out as repeats.
select
    count(*) filter (where c.counted) as calls_counted,
    count(*) filter (where c.counted and c.priced = 'no') as calls_unpriced,
    count(*) filter (where not c.counted) as duplicates_excluded,
    list(distinct coalesce(nullif(c.model, ''), nullif(c.vendor, ''), nullif(c.operation, ''), c.category)) filter (where c.counted and c.priced = 'no') as unpriced_models
from priced_calls as c
inner join runs as r on r.run_id = c.run_id
where {run_filter} and ({call_filter})
