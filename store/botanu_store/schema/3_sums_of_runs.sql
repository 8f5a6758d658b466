-- A report on all runs gathered what each of them used and joined it, which took ten times as long as to read it where the run is.
alter table runs add column kept_calls integer;
alter table runs add column kept_llm_calls integer;
alter table runs add column kept_unpriced integer;
alter table runs add column kept_failed integer;
alter table runs add column kept_input bigint;
alter table runs add column kept_output bigint;
alter table runs add column kept_cached bigint;
alter table runs add column kept_usd decimal(38, 12);
alter table runs add column kept_failed_usd decimal(38, 12);

-- All runs are added up anew, as if prices had changed.
delete from meta where key = 'usage_prices';
