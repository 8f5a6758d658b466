-- Functions and views that the reports read, in reading order. Made anew in every connection, so that they agree with this version.
create or replace temp macro botanu_p50(x) as quantile_cont(x, 0.5);
create or replace temp macro botanu_p95(x) as quantile_cont(x, 0.95);
create or replace temp macro botanu_bucket(ns, unit, tz) as strftime(date_trunc(unit, timezone(tz, make_timestamptz(ns // 1000))), case when unit = 'hour' then '%Y-%m-%d %H:00' when unit = 'month' then '%Y-%m' else '%Y-%m-%d' end);
