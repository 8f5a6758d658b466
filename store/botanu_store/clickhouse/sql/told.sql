-- What is told of the calls of the traces in `known` in which something was found since they were concluded.
select
    t.* exclude (duplicate_of), p.scope,
    case when t.dialect in ({shared}) then p.name else '' end as name,
    p.begun,
    n.version
from {told} as t
inner join {places} as p using (trace_id, span_id)
inner join (select trace_id, count(*) as version from spans group by trace_id) as n using (trace_id)
where t.trace_id in (select trace_id from known where found > concluded)
order by t.start_ns
