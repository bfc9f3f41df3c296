"""Tests of how requests are received: by the worker, and by the WSGI handler."""
