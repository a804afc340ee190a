//! Remembering in SQL: SQLite, and the adapters for MySQL and PostgreSQL
