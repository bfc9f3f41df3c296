"""Tests of "Metrics" in docs/operations.md: the table, the queries and the configuration."""

import re
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.client import API
from tests.support.documentation import code_blocks
from todo_project.environment import BASE_DIR
from todo_project.metrics.requests import count_request

pytestmark = [pytest.mark.once, pytest.mark.django_db]

OPERATIONS = BASE_DIR / "docs" / "operations.md"
DEPLOYMENT = BASE_DIR / "docs" / "deployment.md"

ROW = re.compile(r"^\| `(\w+)` \| (counter|gauge|histogram) \|([^|]*)\|", re.MULTILINE)
LINE = {
    "route": "/",
    "method": "GET",
    "status": 302,
    "duration_ms": 1,
    "db_ms": 1,
    "statements": 1,
}


@pytest.fixture
def page(api: API, settings: Any) -> str:
    """Return the metrics after a request, as text."""
    settings.ROOT_URLCONF = "tests.support.metrics_urls"
    count_request(LINE)
    content: bytes = api.send(200, "GET", "/metrics").content
    return content.decode()


def test_table_has_every_metric_with_its_type_and_labels(page: str) -> None:
    documented = {
        name: (kind, set(re.findall("`(.+?)`", labels)))
        for name, kind, labels in ROW.findall(OPERATIONS.read_text())
    }
    served = {}
    for family in text_string_to_metric_families(page):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        served[name] = (family.type, labels)
    assert documented == served


def test_queries_use_metrics_that_exist(page: str) -> None:
    [queries] = code_blocks(OPERATIONS, "promql")
    names = set(re.findall(r"\b(?:http|database)_\w+", queries))
    assert names - set(re.findall(r"^\w+", page, re.MULTILINE)) == set()
    assert len(names) == 7


def test_scrape_configuration_selects_the_documented_pods() -> None:
    [configuration] = code_blocks(OPERATIONS, "yaml")
    addresses, pods = yaml.safe_load(configuration)["scrape_configs"]
    assert addresses.keys() == {"job_name", "static_configs"}  # and /metrics over HTTP by default
    [relabeling] = pods["relabel_configs"]
    [deployment] = [
        document
        for document in map(yaml.safe_load, code_blocks(DEPLOYMENT, "yaml"))
        if document.get("kind") == "Deployment"
    ]
    template = deployment["spec"]["template"]
    assert template["metadata"]["labels"] == {"app": relabeling["regex"]}
    assert relabeling["source_labels"] == ["__meta_kubernetes_pod_label_app"]
    [container] = template["spec"]["containers"]
    assert container["ports"] == [{"containerPort": 8000}]
