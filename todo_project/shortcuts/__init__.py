"""Shortcuts that only save CPU time."""
