-- The models, or whatever else calls name, that have no price.
select distinct coalesce(nullif(c.model, ''), nullif(c.vendor, ''), nullif(c.operation, ''), c.category) as model
from usage_lines as c
{of_runs}
where c.unpriced_calls > 0 and {run_filter} and ({call_filter})
order by 1
