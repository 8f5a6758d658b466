-- What reports ask of ClickHouse beyond the SQL that both engines share, to the last digit as DuckDB answers it; see reports/sql/functions.sql. They go
-- before each query that uses them, so that nothing is made on the server.

-- Between the two values around the place of the quantile, by twentieths of their difference; a half of a trillionth goes up.
create function botanu_between as (sorted, twentieths) ->
    if(empty(sorted), null,
        sorted[intDiv(twentieths, 20) + 1] + toDecimal128(
            intDiv(reinterpretAsInt128(sorted[least(intDiv(twentieths, 20) + 2, length(sorted))] - sorted[intDiv(twentieths, 20) + 1]) * (twentieths % 20) + 10, 20), 0
        ) * toDecimal64('0.000000000001', 12));
create function botanu_p50 as (usd) -> botanu_between(arraySort(groupArray(usd)), 10 * (count(usd) - 1));
create function botanu_p95 as (usd) -> botanu_between(arraySort(groupArray(usd)), 19 * (count(usd) - 1));

create function botanu_between_ns as (sorted, place) ->
    if(empty(sorted), null,
        toFloat64(sorted[toInt64(floor(place)) + 1])
        + (toFloat64(sorted[toInt64(ceil(place)) + 1]) - toFloat64(sorted[toInt64(floor(place)) + 1])) * (place - floor(place)));
-- To the nanosecond: what comes after it depends on how a compiler rounds.
create function botanu_p50_ms as (ns) -> floor(botanu_between_ns(arraySort(groupArray(ns)), 0.5 * (count(ns) - 1)) + 0.5) / 1e6;
create function botanu_p95_ms as (ns) -> floor(botanu_between_ns(arraySort(groupArray(ns)), 0.95 * (count(ns) - 1)) + 0.5) / 1e6;

-- A half goes away from zero, as in DuckDB.
create function botanu_whole as (x) -> trunc(x) + if(abs(x - trunc(x)) >= 0.5, sign(x), 0);

-- What a double cannot hold in trillionths becomes one in two parts, as in DuckDB. An array of none or one, as few calls have such an amount: of the
-- others nothing is computed, and 20 functions for every meter of every call would take three times as long as all the rest.
create function botanu_divided as (usd, per) ->
    if(isNull(usd), null, arrayMap(
        one -> toDecimal128(botanu_whole(
            if(abs(one) <= 9007, toFloat64(one), toFloat64(toInt128(one)) + toFloat64(one - trunc(one))) / assumeNotNull(per) * 1e12
        ), 0) * toDecimal64('0.000000000001', 12),
        if(isNull(usd), [], [assumeNotNull(usd)])
    )[1]);

-- What does not fit is 0 before it is multiplied: an overflow is an error even where it is not chosen, or under a NULL.
create function botanu_pico_usd as (usd) ->
    if(abs(usd) < 1000000, toInt64(if(abs(usd) < 1000000, usd, 0) * 1000000000000), null);

create function botanu_amount as (x) ->
    if(abs(x) < 1e12, toDecimal128(botanu_whole(x * 1e6), 0) * toDecimal64('0.000001', 6), null);

create function botanu_hour as (us, tz) -> formatDateTime(fromUnixTimestamp64Micro(us, tz), '%Y-%m-%d %H:00');
-- What an hour that a clock shows twice, when summer time ends, has behind it; nothing behind any other.
create function botanu_offset as (us, tz) -> if(
    botanu_hour(us, tz) in (botanu_hour(us - 3600000000, tz), botanu_hour(us + 3600000000, tz)),
    formatDateTime(fromUnixTimestamp64Micro(us, tz), ' %z'), '');

create function botanu_quarter as (ns) -> intDiv(ns, 900000000000) * 900000000000;
create function botanu_bucket as (ns, unit, tz) -> multiIf(
    unit = 'hour', botanu_hour(intDiv(ns, 1000), tz) || botanu_offset(intDiv(ns, 1000), tz),
    unit = 'month', formatDateTime(fromUnixTimestamp64Nano(ns, tz), '%Y-%m'),
    unit = 'week', toString(addDays(toDate32(fromUnixTimestamp64Nano(ns, tz)), 1 - toDayOfWeek(fromUnixTimestamp64Nano(ns, tz)))),
    formatDateTime(fromUnixTimestamp64Nano(ns, tz), '%Y-%m-%d'));
