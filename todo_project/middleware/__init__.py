"""What surrounds each request: the access log, CORS, headers, and what only pages need."""
