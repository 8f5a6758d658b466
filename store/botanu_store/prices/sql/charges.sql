-- Calls with their cost. Each counted call finds its row of prices by what it is and when it was, and every amount is quantity x price.
-- One text for both engines, but for how columns are left out.

-- `known`: our prices say what the call cost, at least in part. `lines_if_unpriced`: how many charges it then is. Few calls use other than the common meters, so the terms of those stand
-- behind one test of `rare` (3 times as fast on five million calls).
create or replace temp view costed_calls as
with used as (
    select
        c.*,
        {rare_used} as rare,
        {all_input} as all_input_tokens,
        (c.start_ns % 86400000000000 + 86400000000000) % 86400000000000 as day_ns
    from calls as c
),
found as (
    select
        c.* {without} (rare, all_input_tokens, day_ns),
        p.box_id,
        -- A product billed by what it scans, with nothing recorded of that, is unpriced.
        p.box_id is not null and p.has_price and (c.usage <> 'none' or p.per_call)
            and case when p.every_meter or p.requests_usd is not null then true else {measured} end as known,
        coalesce(p.is_free, false) as is_free,
        coalesce(p.every_meter, false) as every_meter,
        p.requests_usd is not null as bills_requests,
        {apart} as reasoning_apart,
        case when c.counted and p.has_price then {amount} end as known_usd,
        case when p.every_meter and ({lacks}) then {meters_without_price} else 0 end as meters_without_price
    from used as c
    left join price_rows as p on
        p.key_vendor = c.vendor and p.key_model = c.model and p.key_category = c.category and p.key_operation = c.operation
        and c.start_ns >= p.from_ns and c.start_ns < p.to_ns
        and c.day_ns >= p.day_from_ns and c.day_ns < p.day_to_ns
        and c.all_input_tokens > p.tier_from and c.all_input_tokens <= p.tier_to
),
judged as (
    select
        *,
        case
            when not counted then null
            when usage = 'free' or (is_free and emitter_usd is null) then 'free'
            when known and meters_without_price = 0 then 'yes'
            when emitter_usd is not null then 'emitter'
            else 'no'
        end as priced
    from found
)
select *, case when priced = 'no' then {meters_used} + cast({asks} as integer) end as lines_if_unpriced
from judged;

create or replace temp view priced_calls as
select
    * {without} (box_id, known, is_free, every_meter, bills_requests, reasoning_apart, known_usd, meters_without_price),
    cast(case priced
        when 'yes' then known_usd
        when 'free' then 0
        when 'emitter' then emitter_usd
        -- Part of it may have a price: a lower bound.
        when 'no' then case when known and meters_without_price < lines_if_unpriced then known_usd end
    end as decimal(38, 12)) as cost_usd,
    case
        when priced = 'no' then case when known then meters_without_price else lines_if_unpriced end
        when counted then 0
    end as unpriced_meters,
    coalesce(priced = 'yes' and abs(emitter_usd - known_usd) * 100 > known_usd, false) as discrepancy
from costed_calls;

create or replace temp view counted_calls as
select
    run_id, trace_id, span_id, category, vendor, model, operation, step, service, start_ns, error, attempt, priced, cost_usd,
    {input_tokens} as input_tokens,
    {output_tokens} as output_tokens,
    {cached_tokens} as cached_tokens
from priced_calls
where counted;

-- Each counted call with what it used of every meter, and what that cost: NULL where it used none, and where nobody knows.
-- `emitter` is the meter of a call whose emitter says what it cost; `settled`: the other meters of a call then cost nothing, nor do those of a free one.
create or replace temp view metered_calls as
with used as (
    select
        * replace (
            case when {asks} then coalesce(requests, 1) end as requests,
            -- Reasoning is a line of its own only where it has a price of its own.
            nullif(output_tokens - coalesce(reasoning_apart, 0), 0) as output_tokens,
            reasoning_apart as reasoning_tokens,
            case when priced = 'emitter' then emitter_usd end as emitter_usd
        ),
        case when priced = 'emitter' then cast(1 as bigint) end as emitter,
        priced in ('free', 'emitter') as settled
    from costed_calls
    where counted
)
select
    c.*,
    {amounts}
from used as c
left join price_rows as p on p.box_id = c.box_id;

create or replace temp view charges as
with lines as (
    select
        c.trace_id, c.span_id, c.run_id, c.box_id, c.priced, c.settled, c.known, m.meter,
        {quantity} as quantity,
        {amount_of_meter} as amount_usd
    from metered_calls as c
    cross join {every_meter_name} as m
)
select
    c.trace_id, c.span_id, c.run_id, c.meter, c.quantity,
    g.unit_usd,
    cast(c.amount_usd as decimal(38, 12)) as amount_usd,
    case when not c.settled and c.known then g.price_id end as price_id,
    case
        when c.amount_usd is null then 'no'
        when c.settled then c.priced
        when g.meter is not null then 'yes'
        else 'free'
    end as priced
from lines as c
left join price_grid as g on g.box_id = c.box_id and g.meter = c.meter
where c.quantity is not null;
