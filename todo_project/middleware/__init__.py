"""What surrounds each request: the access log, problems, security, and the pages of the admin."""
