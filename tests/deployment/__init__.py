"""Tests of settings, checks, the start, and the documentation."""
