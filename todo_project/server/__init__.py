"""The server: a gunicorn worker whose threads never wait for a client."""
