"""Tests of settings, checks, commands and the documentation."""
