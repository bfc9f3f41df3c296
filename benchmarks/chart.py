"""The chart of the README: requests a second of each contestant, as SVG."""

from collections.abc import Iterator
from html import escape

from benchmarks.servers import ALTERNATIVE, CEILING, CONTESTANTS, SERVICE
from benchmarks.throughput import Throughput

# To be read on white and on black: the picture has no background, and does not know
# which theme the page has that shows it.
COLOURS = {SERVICE: "#2f9e63", ALTERNATIVE: "#d9822b", CEILING: "#8b949e"}
TEXT = "#7d8590"

WIDTH, LEFT, RIGHT = 720, 100, 90
BAR, GAP, TOP = 11, 12, 56


def draw(results: list[Throughput]) -> str:
    """Return the chart; the fastest contestant at an operation fills the width."""
    group = BAR * len(CONTESTANTS) + GAP
    height = TOP + group * len(results)
    marks = [*_legend()]
    for number, result in enumerate(results):
        marks += _bars(result, TOP + number * group)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="system-ui, sans-serif" '
        f'font-size="12" fill="{TEXT}" role="img">'
    )
    title = "<title>Requests a second; longer is better</title>"
    return "\n".join((head, title, *marks, "</svg>\n"))


def _legend() -> Iterator[str]:
    yield f'<text x="{LEFT}" y="16">Requests a second; each operation has its own scale.</text>'
    for number, contestant in enumerate(CONTESTANTS):
        x = LEFT + number * 160
        yield f'<rect x="{x}" y="28" width="12" height="12" rx="2" fill="{COLOURS[contestant]}"/>'
        yield f'<text x="{x + 18}" y="38">{escape(contestant.name)}</text>'


def _bars(result: Throughput, y: int) -> Iterator[str]:
    rates = {each: result.typical(each, lambda sample: sample.rate) for each in CONTESTANTS}
    scale = (WIDTH - LEFT - RIGHT) / max(rates.values())
    middle = y + BAR * len(CONTESTANTS) / 2 + 4
    yield f'<text x="{LEFT - 10}" y="{middle}" text-anchor="end">{result.operation.name}</text>'
    for number, (contestant, rate) in enumerate(rates.items()):
        top, width = y + number * BAR, rate * scale
        bold = ' font-weight="700"' if contestant is SERVICE else ""
        yield (
            f'<rect x="{LEFT}" y="{top}" width="{width:.1f}" height="{BAR - 1}" rx="1" '
            f'fill="{COLOURS[contestant]}"/>'
        )
        yield (
            f'<text x="{LEFT + width + 6:.1f}" y="{top + 9}" font-size="10"{bold}>'
            f"{rate:,.0f}</text>"
        )
