-- A session belongs to a user, team or key of LiteLLM. Messages are only ever appended; the counters are kept under the
-- session's row lock, so that turns that end at once are written one after the other.
create table sessions (
    id text primary key,
    owner text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    messages bigint not null default 0,
    bytes bigint not null default 0
);

create index sessions_by_owner on sessions (owner, updated_at desc, id desc);

-- For the sweep of sessions that are older than the retention.
create index sessions_by_age on sessions (updated_at);

-- A message is the text of its JSON: a type that reads it would reject texts that OpenAI's clients may send.
create table messages (
    session_id text not null references sessions (id) on delete cascade,
    position bigint not null,
    turn_id uuid not null,
    message text not null,
    created_at timestamptz not null default now(),
    primary key (session_id, position)
);
