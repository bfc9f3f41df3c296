"""Primitives of HTTP: the WSGI handler, JSON, headers, negotiation, request ids, base views."""
