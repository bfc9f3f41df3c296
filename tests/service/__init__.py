"""Tests of what surrounds the API: problems, headers, logs, probes, pages."""
