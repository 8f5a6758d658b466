-- What reports ask of DuckDB beyond the SQL that both engines share; clickhouse/sql/functions.sql says the same to ClickHouse.
-- Made anew in every connection, so that they agree with this version.
-- Between its two neighbours, by twentieths of their difference, in decimals: quantile_cont does it in doubles and cuts off. To gather values takes longer
-- than to pick from them, so all that may be a neighbour is picked at once. A share is said before it is known of how many: the upper neighbours are just
-- above theirs, and the lower of p95 is one to two values below it. Up to a billion values, one of these halved distances is so far, and
-- `botanu_halvings` says which; each is a little shorter, so that no double is on an edge. The first comes to the share of p50, which is far enough too.
create or replace temp macro botanu_picked(usd) as
    quantile_disc(usd, [0.5e0] || [0.95 - 0.98 * 2.0 ** -halvings for halvings in range(2, 31)] || [0.95 + 1e-12, 0.5 + 1e-12]);
create or replace temp macro botanu_twentieths(n) as 19 * (n - 1) % 20;
create or replace temp macro botanu_halvings(n) as length(bin(20 * n // (19 + botanu_twentieths(n))));
create or replace temp macro botanu_between(below, above, share) as below + cast((above - below) * share as decimal(38, 12));
create or replace temp macro botanu_p50(usd) as botanu_between(botanu_picked(usd)[1], botanu_picked(usd)[32], 0.5);
create or replace temp macro botanu_p95(usd) as
    botanu_between(botanu_picked(usd)[botanu_halvings(count(usd))], botanu_picked(usd)[31], botanu_twentieths(count(usd)) * 0.05);
-- Both at once, which DuckDB then does once.
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
