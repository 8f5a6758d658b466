-- Whose run it was and in which conversation: other instrumentations say that too. A run that is stored already says it once it is rebuilt.
alter table runs add column user_id varchar;
alter table runs add column session_id varchar;
