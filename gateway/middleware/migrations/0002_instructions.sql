-- The instructions of a Converse request replace those of its session. A system message in the middle of a conversation
-- looks the same and stays.
alter table messages add column instruction boolean not null default false;
