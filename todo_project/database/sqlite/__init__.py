"""Django's engine for SQLite, which notices that the file was deleted or replaced."""
