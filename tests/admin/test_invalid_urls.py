"""Tests of URLs of the admin with invalid values: none is an internal error."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import django
import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin import site
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from tasks.models import Task
from tests.support.admin import LIST_URL, USER_LIST_URL, assert_error_page, change_url
from tests.support.client import API

VALUES = ("x", "", "%00", "(", "9" * 30, "-1", "2026-13-45")
"""Values that a field, a lookup or a database may reject."""

FORM_PARAMETERS = ("_to_field", "_popup", "_changelist_filters")
LIST_PARAMETERS = ("p", "o", "q", "e", "all", "_facets", "id", "id__in", "x", "x__regex")
LOOKUPS = (
    *("user_id__foo", "username", "title__regex", "username__iregex", "groups__id__exact"),
    *("is_staff__exact", "completed", "permissions__in", "date_joined__year", "locked_out"),
    *("attempt_time__year", "attempt_time__gte", "logout_time__isnull"),
)
"""Parameters of the lists of those models that have the field."""

HANDLED = {200, 302, 400, 403, 404, 405}


@pytest.fixture
def rows(task: Task, admin_user: Any) -> None:
    """Create a row for every list, since a database may not evaluate a lookup without rows."""
    group = Group.objects.create(name="group")
    origin = {"username": "x", "ip_address": "192.0.2.1"}
    AccessAttempt.objects.create(**origin, failures_since_start=1)
    AccessLog.objects.create(**origin)
    AccessFailureLog.objects.create(**origin)
    LogEntry.objects.log_actions(admin_user.pk, [group], ADDITION)


def routes(urlpatterns: Iterable[Any], prefix: str = "/admin/") -> Iterator[str]:
    """Return the routes of the admin, except those with a regular expression."""
    for each in urlpatterns:
        route = f"{prefix}{each.pattern}"
        if hasattr(each, "url_patterns"):
            yield from routes(each.url_patterns, route)
        elif "(" not in route:
            yield route


ROUTES = sorted({*routes(site.get_urls())})


def unhandled(admin: API, method: str, urls: Iterable[str]) -> list[tuple[str, int]]:
    """Send requests, and undo what each changes; return those whose status is unexpected."""
    failed = []
    for url in urls:
        with transaction.atomic():
            status = admin.call(method, url).status_code
            transaction.set_rollback(True)
        if status not in HANDLED:
            failed.append((url, status))
    return failed


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_invalid_object_id_is_no_internal_error(admin: API, method: str) -> None:
    urls = [
        re.sub("<.*?>", value or "_", route)
        for route in ROUTES
        if "<" in route
        for value in VALUES
    ]
    assert unhandled(admin, method, urls) == []


@pytest.mark.usefixtures("rows")
def test_invalid_parameter_is_no_internal_error(admin: API, admin_user: Any, task: Task) -> None:
    pages = [re.sub("<.*?>", str(admin_user.pk), each) for each in ROUTES] + [change_url(task)]
    parameters = [(page, name) for page in pages for name in FORM_PARAMETERS]
    for model in site._registry:
        page = f"/admin/{model._meta.label_lower.replace('.', '/')}/"
        parameters += [(page, name) for name in LIST_PARAMETERS]
        lookups = [name for name in LOOKUPS if hasattr(model, name.partition("__")[0])]
        parameters += [(page, name) for name in lookups]
    urls = [f"{page}?{name}={value}" for page, name in parameters for value in VALUES]
    assert unhandled(admin, "GET", urls) == []


@pytest.mark.parametrize(
    "url",
    [
        f"{LIST_URL}?title__regex=(",
        f"{LIST_URL}?user_id__foo=1",
        f"{LIST_URL}?_to_field=x",
        f"{USER_LIST_URL}?username__regex=(",
        f"{USER_LIST_URL}?date_joined__year=-1",
        f"{USER_LIST_URL}1/change/?_to_field=",
    ],
)
def test_invalid_url_returns_400(admin: API, task: Task, url: str) -> None:
    assert_error_page(admin.get(url), 400)


def test_redirect_to_an_invalid_object_returns_an_error_page(admin: API) -> None:
    content_type = ContentType.objects.get_for_model(Task)
    # Django 6.1 handles the invalid id itself.
    status = 404 if django.VERSION >= (6, 1) else 400
    assert_error_page(admin.get(f"/admin/r/{content_type.id}/x/"), status)


@pytest.mark.once  # SQLite stores NUL
def test_nul_in_search_for_autocomplete_returns_400(admin: API) -> None:
    field = {"app_label": "auth", "model_name": "user", "field_name": "groups"}
    assert_error_page(admin.get("/admin/autocomplete/", {**field, "term": "\0"}), 400)


@pytest.mark.once
def test_nul_in_session_cookie_returns_400(api: API, db: None) -> None:
    api.cookies.load('sessionid="' + 8 * "\\000" + '"')
    assert_error_page(api.get("/admin/"), 400)


@pytest.mark.parametrize("url", [f"{USER_LIST_URL}0/password/", "/admin/r/{content_type}/{task}/"])
def test_missing_object_returns_404(admin: API, task: Task, url: str) -> None:
    content_type = ContentType.objects.get_for_model(Task)
    response = admin.get(url.format(content_type=content_type.id, task=task.id))
    assert_error_page(response, 404)


def test_unknown_url_of_the_admin_returns_a_problem(admin: API) -> None:
    assert admin.problem(404, "GET", "/admin/nowhere")["type"] == "/problems/not-found"
