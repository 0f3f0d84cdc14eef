//! Conversations, kept in SQLite or PostgreSQL.
