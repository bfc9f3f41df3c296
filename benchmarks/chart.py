"""The SVG chart of the requests per second of each implementation."""

from collections.abc import Iterator
from html import escape

from benchmarks.servers import ALTERNATIVE, CEILING, IMPLEMENTATIONS, SERVICE
from benchmarks.throughput import Throughput

# Legible on white and on black: the SVG has no background, and a page may be light or dark.
COLOURS = {SERVICE: "#2f9e63", ALTERNATIVE: "#d9822b", CEILING: "#8b949e"}
TEXT = "#7d8590"

WIDTH, LEFT, RIGHT = 720, 100, 90
BAR, GAP, TOP = 11, 12, 56


def draw(results: list[Throughput]) -> str:
    """Return the chart; at each operation the fastest implementation fills the width."""
    group = BAR * len(IMPLEMENTATIONS) + GAP
    height = TOP + group * len(results)
    marks = [*_legend()]
    for number, result in enumerate(results):
        marks += _bars(result, TOP + number * group)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="system-ui, sans-serif" '
        f'font-size="12" fill="{TEXT}" role="img">'
    )
    title = "<title>Requests per second; longer is better</title>"
    return "\n".join((head, title, *marks, "</svg>\n"))


def _legend() -> Iterator[str]:
    yield f'<text x="{LEFT}" y="16">Requests per second; each operation has its own scale.</text>'
    for number, implementation in enumerate(IMPLEMENTATIONS):
        x = LEFT + number * 160
        colour = COLOURS[implementation]
        yield f'<rect x="{x}" y="28" width="12" height="12" rx="2" fill="{colour}"/>'
        yield f'<text x="{x + 18}" y="38">{escape(implementation.name)}</text>'


def _bars(result: Throughput, y: int) -> Iterator[str]:
    rates = {each: result.median_of(each, lambda sample: sample.rate) for each in IMPLEMENTATIONS}
    scale = (WIDTH - LEFT - RIGHT) / max(rates.values())
    middle = y + BAR * len(IMPLEMENTATIONS) / 2 + 4
    yield f'<text x="{LEFT - 10}" y="{middle}" text-anchor="end">{result.operation.name}</text>'
    for number, (implementation, rate) in enumerate(rates.items()):
        top, width = y + number * BAR, rate * scale
        bold = ' font-weight="700"' if implementation is SERVICE else ""
        yield (
            f'<rect x="{LEFT}" y="{top}" width="{width:.1f}" height="{BAR - 1}" rx="1" '
            f'fill="{COLOURS[implementation]}"/>'
        )
        yield (
            f'<text x="{LEFT + width + 6:.1f}" y="{top + 9}" font-size="10"{bold}>'
            f"{rate:,.0f}</text>"
        )
