-- The rows of a table to be written: those concluded, and for each that is stored and no longer so, one that deletes it.
with concluded as (
    select v.run_day, {columns}, v.version, cast(0 as utinyint) as deleted
    from {table} as t
    inner join versions as v on v.run_id = t.run_id
    where not v.expired and v.run_day is not null
),
gone as (
    select s.* replace (v.version as version), cast(1 as utinyint) as deleted
    from (from stored_{table} as s anti join concluded as c on s.run_day = c.run_day and {same}) as s
    inner join versions as v on v.run_id = s.run_id
    where not v.expired
)
select * replace (date '1970-01-01' + run_day as run_day)
from (
    select * from concluded
    union all by name
    select * from gone
)
