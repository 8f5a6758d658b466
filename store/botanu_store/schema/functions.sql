-- What reports ask of DuckDB beyond the SQL that both engines share; clickhouse/sql/functions.sql says the same to ClickHouse.
-- Made anew in every connection, so that they agree with this version.
-- Both at once, which DuckDB then does once: to gather the values takes longer than to pick from them.
create or replace temp macro botanu_p50(usd) as quantile_cont(usd, [0.5, 0.95])[1];
create or replace temp macro botanu_p95(usd) as quantile_cont(usd, [0.5, 0.95])[2];
-- To the nanosecond: what comes after it depends on how a compiler rounds.
create or replace temp macro botanu_p50_ms(ns) as floor(quantile_cont(ns, 0.5) + 0.5) / 1e6;
create or replace temp macro botanu_p95_ms(ns) as floor(quantile_cont(ns, 0.95) + 0.5) / 1e6;
-- Money by the hour or the million: no decimal says what one unit costs.
create or replace temp macro botanu_divided(usd, per) as cast(cast(usd as double) / per as decimal(38, 12));
-- Trillionths of a dollar, NULL where these do not fit into an integer.
create or replace temp macro botanu_pico_usd(usd) as cast(try_cast(usd as decimal(18, 12)) * 1000000000000 as bigint);
-- Bounded, so that no amount from a span can overflow a sum.
create or replace temp macro botanu_amount(x) as cast(try_cast(x as decimal(18, 6)) as decimal(38, 6));
create or replace temp macro botanu_bucket(ns, unit, tz) as strftime(date_trunc(unit, timezone(tz, make_timestamptz(ns // 1000))), case when unit = 'hour' then '%Y-%m-%d %H:00' when unit = 'month' then '%Y-%m' else '%Y-%m-%d' end);
