"""Problem details (RFC 9457): the problem types, their exceptions, responses and pages."""
