"""The metrics that `/metrics` returns, read with the parsers of prometheus_client."""

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# https://github.com/prometheus/prometheus/blob/main/config/config.go (ScrapeProtocolsHeaders)
PROMETHEUS_ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,"
    "*/*;q=0.2"
)
"""What Prometheus 3 sends."""

Samples = dict[str, float]
"""The values by name and labels, as in `http_requests_total{method="GET",route="/"}`."""


def samples(content_type: str, content: bytes) -> Samples:
    """Parse a response."""
    parsers: dict[str, Any] = {
        TEXT: text_string_to_metric_families,
        OPENMETRICS: openmetrics.text_string_to_metric_families,
    }
    families: Iterable[Metric] = parsers[content_type](content.decode())
    return {
        series(sample.name, sample.labels): sample.value
        for family in families
        for sample in family.samples
    }


def series(name: str, labels: Mapping[str, str]) -> str:
    """Return a time series in the notation of Prometheus, with sorted labels."""
    pairs = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{pairs}}}" if pairs else name


def changes(before: Samples, after: Samples) -> Samples:
    """Return by how much each value has changed, without those that have not."""
    differences = {name: after[name] - before.get(name, 0) for name in after}
    return {name: difference for name, difference in differences.items() if difference}


def selected(name: str, values: Samples) -> Samples:
    """Return the values of the metric with exactly this name."""
    return {each: value for each, value in values.items() if each.partition("{")[0] == name}
