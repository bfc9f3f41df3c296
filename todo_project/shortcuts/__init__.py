"""Shortcuts that only save CPU time, and depend on undocumented behaviour to do so.

SHORTCUTS=false turns all of them off; responses are the same (tests/service/test_shortcuts.py).
Each saves at least 3 % of a read, or is deleted. `GET` of a task takes 610,000 instructions with
all of them, counted by callgrind on PostgreSQL, and more without one:

| without | more instructions |
|---|--:|
| `middleware.PageShortcut` | 40 % |
| its copying of headers | 7 % |
| `middleware.CorsShortcut` | 23 % |
| `handler.Handler.__init__`: no signals | 36 % |
| `handler.Handler.resolve_request` | 10 % |
| `handler.Handler.respond` and `get_response` | 9 % |
| `views.ViewShortcuts.initialize_request` | 5 % |
| `views.ViewShortcuts.perform_authentication` | 5 % |
| `thread_connection` | 4 % |
| all | 130 % |
"""
