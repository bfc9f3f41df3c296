"""The service in production: real gunicorn, a real database, and what befalls them."""
