"""Shortcuts that only save CPU time, and depend on undocumented behaviour to do so.

SHORTCUTS=false turns all of them off. Responses are the same without them
(tests/service/test_shortcuts.py).
"""
