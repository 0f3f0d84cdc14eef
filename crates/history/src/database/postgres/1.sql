-- Times are microseconds since 1970. The schema is in the search path of every connection.

CREATE SCHEMA sottovoce;

CREATE TABLE conversations (
    id UUID PRIMARY KEY,
    title TEXT NOT NULL,
    favourite BOOLEAN NOT NULL,
    system_prompt TEXT,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    touched BIGINT NOT NULL,
    words TSVECTOR NOT NULL DEFAULT ''
);
CREATE INDEX conversations_updated ON conversations (updated, id);
CREATE INDEX conversations_words ON conversations USING gin (words);

CREATE TABLE messages (
    id UUID PRIMARY KEY,
    conversation UUID NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent UUID,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    favourite BOOLEAN NOT NULL,
    created BIGINT NOT NULL,
    model TEXT,
    prompt_tokens BIGINT,
    cached_tokens BIGINT,
    completion_tokens BIGINT,
    microseconds BIGINT,
    server UUID,
    stop BOOLEAN NOT NULL DEFAULT FALSE,
    words TSVECTOR NOT NULL DEFAULT '',
    CHECK ((state = 'streaming') = (server IS NOT NULL)),
    UNIQUE (conversation, id),
    FOREIGN KEY (conversation, parent) REFERENCES messages (conversation, id)
);
CREATE INDEX messages_parent ON messages (conversation, parent);
CREATE INDEX messages_favourite ON messages (conversation) WHERE favourite;
CREATE INDEX messages_server ON messages (server) WHERE server IS NOT NULL;
CREATE INDEX messages_words ON messages USING gin (words);

CREATE TABLE servers (
    id UUID PRIMARY KEY,
    seen BIGINT NOT NULL
);

CREATE TABLE settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    document TEXT NOT NULL
);

CREATE TABLE version (
    number BIGINT NOT NULL
);
INSERT INTO version VALUES (1);
