"""Text of users between other text: it must not change the order in which that is displayed.

See UAX #9, the Unicode Bidirectional Algorithm: https://www.unicode.org/reports/tr9/.
"""

FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE = "\u2068", "\u2069"

_LEAVES_ISOLATE = dict.fromkeys(
    (
        *range(0x202A, 0x202F),  # embeddings and overrides
        *range(0x2066, 0x206A),  # isolates
        *(0x1C, 0x1D, 0x1E, 0x85, 0x2029),  # paragraph separators
    ),
    "\N{REPLACEMENT CHARACTER}",
)
"""What changes the direction, also of text behind an isolate or a `<bdi>` that contains it."""


def replace_controls(text: str) -> str:
    """Return the text with a visible character for each bidirectional control character.

    Within HTML, `<bdi>` must contain it.
    """
    return text.translate(_LEAVES_ISOLATE)


def isolate(text: str) -> str:
    """Return the text as plain text whose direction and order concern nothing else."""
    return f"{FIRST_STRONG_ISOLATE}{replace_controls(text)}{POP_DIRECTIONAL_ISOLATE}"


def remove_isolate(text: str) -> str:
    """Return the text without what `isolate` adds, which is copied from a page with the text."""
    return text.removeprefix(FIRST_STRONG_ISOLATE).removesuffix(POP_DIRECTIONAL_ISOLATE)
