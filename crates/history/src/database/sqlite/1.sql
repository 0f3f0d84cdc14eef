-- Times are microseconds since 1970. The rows of a table that is searched have numbers, because FTS5 knows rows by number.

CREATE TABLE conversations (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    title TEXT NOT NULL,
    favourite INTEGER NOT NULL,
    system_prompt TEXT,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    touched INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_updated ON conversations (updated, id);

CREATE TABLE messages (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    conversation BLOB NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent BLOB,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    favourite INTEGER NOT NULL,
    created INTEGER NOT NULL,
    model TEXT,
    prompt_tokens INTEGER,
    cached_tokens INTEGER,
    completion_tokens INTEGER,
    microseconds INTEGER,
    server BLOB,
    stop INTEGER NOT NULL DEFAULT FALSE,
    CHECK ((state = 'streaming') = (server IS NOT NULL)),
    UNIQUE (conversation, id),
    FOREIGN KEY (conversation, parent) REFERENCES messages (conversation, id)
) STRICT;
CREATE INDEX messages_parent ON messages (conversation, parent);
CREATE INDEX messages_favourite ON messages (conversation) WHERE favourite;
CREATE INDEX messages_server ON messages (server) WHERE server IS NOT NULL;

CREATE TABLE servers (
    id BLOB PRIMARY KEY,
    seen INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    document TEXT NOT NULL
) STRICT;

-- What is indexed was folded and split into words before, so that both databases find the same.
CREATE VIRTUAL TABLE conversation_words USING fts5
    (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
CREATE VIRTUAL TABLE message_words USING fts5
    (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
CREATE TRIGGER conversations_deleted AFTER DELETE ON conversations BEGIN
    DELETE FROM conversation_words WHERE rowid = old.number;
END;
CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
    DELETE FROM message_words WHERE rowid = old.number;
END;

-- "SVhi": tells this file from other programs' databases.
PRAGMA application_id = 1398171753;
PRAGMA user_version = 1;
