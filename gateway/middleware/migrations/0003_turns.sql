-- Turns that are written. What was sent on a connection that broke may be carried out after it was sent once more: of the two
-- only the first finds its turn missing. Turns of before are not here, as nobody writes them again. It is no index of messages:
-- a large table could not be written while that is built.
create table turns (
    session_id text not null references sessions (id) on delete cascade,
    turn_id uuid not null,
    primary key (session_id, turn_id)
);
