"""End-to-end tests: gunicorn and PostgreSQL as in production, while servers fail and restart."""
