"""HTTP around the views: access log, headers, CORS, negotiation, JSON, the admin's middleware."""
