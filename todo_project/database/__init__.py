"""The database: what a URL means, the PostgreSQL engine, and queries compiled once."""
