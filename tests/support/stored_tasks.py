"""Tasks with every kind of value that a move to another database might change."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tasks.models import COLUMNS, DEFAULTS

TIE = datetime(2026, 2, 6, 10, 30, 0, 123456, UTC)

ROWS: list[dict[str, Any]] = [
    dict.fromkeys(COLUMNS)
    | DEFAULTS
    | {
        "id": UUID(int=number, version=4),
        "user_id": user_id,
        "title": title,
        "description": description,
        "completed": number % 2 == 0,
        "created_at": created_at,
        "updated_at": updated_at,
    }
    for number, (user_id, title, description, created_at, updated_at) in enumerate(
        [
            ("alice", "Line ends", "a\r\nb\nc\rd\r\n", TIE, TIE),
            ("alice", "White space", "  kept \t", TIE, datetime(2026, 2, 7, tzinfo=UTC)),
            ("alice", "Control characters \x01\x7f\x9f", "\x1b[31m\x08", TIE, TIE),
            ("alice", "Emoji 🎂 👩‍👩‍👧 é e\u0301 \u202eabc", "抹茶 \U0010ffff\ufffe", TIE, TIE),
            ("alice", "Whole second", None, datetime(2026, 2, 6, 10, 30, tzinfo=UTC), TIE),
            ("alice", "Empty description", "", TIE.replace(microsecond=1), TIE),
            ("Zoë 👤%2F?#", 'Quotes "\\" </script>', "\\u0041 null", TIE.replace(second=59), TIE),
            ("Zoë 👤%2F?#", "First", None, datetime(1, 1, 1, tzinfo=UTC), TIE),
            ("Zoë 👤%2F?#", "Last", None, TIE, datetime(9998, 12, 31, 23, 59, 59, 999999, UTC)),
            ("a" * 255, "🎂" * 200, "🎂" * 1000, TIE, TIE),
        ],
        1,
    )
]
"""In the order of their ids."""
