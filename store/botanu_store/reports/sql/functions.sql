-- What reports ask of DuckDB beyond the SQL that both engines share; clickhouse/sql/functions.sql says the same to ClickHouse.
-- Made anew in every connection, so that they agree with this version.
-- Both at once, which DuckDB then does once: to gather the values takes longer than to pick from them.
create or replace temp macro botanu_p50(usd) as quantile_cont(usd, [0.5, 0.95])[1];
create or replace temp macro botanu_p95(usd) as quantile_cont(usd, [0.5, 0.95])[2];
-- To the nanosecond: what comes after it depends on how a compiler rounds.
create or replace temp macro botanu_p50_ms(ns) as floor(quantile_cont(ns, [0.5, 0.95])[1] + 0.5) / 1e6;
create or replace temp macro botanu_p95_ms(ns) as floor(quantile_cont(ns, [0.5, 0.95])[2] + 0.5) / 1e6;
-- Money by the hour or the million: no decimal says what one unit costs.
create or replace temp macro botanu_divided(usd, per) as cast(cast(usd as double) / per as decimal(38, 12));
-- Trillionths of a dollar, NULL where these do not fit into an integer.
create or replace temp macro botanu_pico_usd(usd) as cast(try_cast(usd as decimal(18, 12)) * 1000000000000 as bigint);
-- Bounded, so that no amount from a span can overflow a sum.
create or replace temp macro botanu_amount(x) as cast(try_cast(x as decimal(18, 6)) as decimal(38, 6));
-- When the quarter of an hour began: all zones' clocks are some quarters apart.
create or replace temp macro botanu_quarter(ns) as ns // 900000000000 * 900000000000;
create or replace temp macro botanu_local(us, tz) as timezone(tz, make_timestamptz(us));
create or replace temp macro botanu_hour(us, tz) as date_trunc('hour', botanu_local(us, tz));
-- What an hour that a clock shows twice, when summer time ends, has behind it; nothing behind any other.
create or replace temp macro botanu_offset(us, minutes, tz) as case
    when botanu_hour(us, tz) in (botanu_hour(us - 3600000000, tz), botanu_hour(us + 3600000000, tz))
    then printf(' %s%02d%02d', case when minutes < 0 then '-' else '+' end, abs(minutes) // 60, abs(minutes) % 60)
    else '' end;
create or replace temp macro botanu_bucket(ns, unit, tz) as
    strftime(date_trunc(unit, botanu_local(ns // 1000, tz)), case when unit = 'hour' then '%Y-%m-%d %H:00' when unit = 'month' then '%Y-%m' else '%Y-%m-%d' end)
    || case when unit = 'hour'
    then botanu_offset(ns // 1000, date_diff('minute', botanu_local(ns // 1000, 'UTC'), botanu_local(ns // 1000, tz)), tz) else '' end;
