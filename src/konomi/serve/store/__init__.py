"""The store of a service: people's entries in SQLite or PostgreSQL, through one writer."""
