"""The PostgreSQL engine (`ENGINE`): Django's, with health checks that need no round trip."""
