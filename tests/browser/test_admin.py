"""Tests of the admin in a browser: find, edit and complete tasks; the limit of failed logins."""

import itertools

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tasks.models import Task
from tests.support.admin import TEXTS, change_url
from tests.support.browser import FAILED_REQUEST, PASSWORD, PageLog, log_in
from tests.support.client import OWNER, STRANGER
from tests.support.factories import TaskFactory


def count_completed(user_id: str) -> int:
    return Task.objects.filter(user_id=user_id, completed=True).count()


def test_superuser_finds_edits_and_completes_tasks_of_a_user(
    superuser: User, base_url: str, page: Page
) -> None:
    TaskFactory.create_batch(100, user_id=OWNER)
    TaskFactory.create(user_id=STRANGER)

    log_in(page, base_url, PASSWORD)
    page.locator("#tasks-task").get_by_role("link", name="Tasks").click()
    page.locator("#searchbar").fill(OWNER)
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(100)

    page.locator("#result_list tbody a").first.click()
    title = page.get_by_label("Title:")
    old_title = title.input_value()
    assert Task.objects.filter(title=old_title).count() == 1
    title.fill("Changed in the admin")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_have_text(
        "The task “\u2068Changed in the admin\u2069” was changed successfully."
    )
    assert not Task.objects.filter(title=old_title).exists()
    assert Task.objects.get(title="Changed in the admin").user_id == OWNER

    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("complete")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_have_text("100 tasks completed.")
    assert (count_completed(OWNER), count_completed(STRANGER)) == (100, 0)


def test_field_that_is_not_edited_stays_as_it_is(
    superuser: User, base_url: str, page: Page
) -> None:
    log_in(page, base_url)
    for text, edited in itertools.product(TEXTS.values(), ("title", "description")):
        stored = {"title": f"{text}a{text}", "description": f"{text}b{text}"}
        task = TaskFactory.create(**stored)
        page.goto(base_url + change_url(task))
        page.locator(f"#id_{edited}").fill("edited")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
        [row] = Task.objects.filter(id=task.id).values(*stored)
        assert row == {**stored, edited: "edited"}


def test_title_holds_200_code_points_of_two_utf16_units(
    superuser: User, base_url: str, page: Page
) -> None:
    task = TaskFactory.create()
    log_in(page, base_url)
    page.goto(base_url + change_url(task))
    for length, answer in ((201, "at most 200 characters (it has 201)"), (200, "successfully")):
        page.get_by_label("Title:").fill("")
        page.keyboard.insert_text("🥛" * length)  # as a user types: limited by `maxlength`
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".errorlist, .messagelist")).to_contain_text(answer)
    assert Task.objects.get().title == "🥛" * 200


def test_ten_failed_logins_lock_the_login(
    superuser: User, base_url: str, page: Page, page_log: PageLog
) -> None:
    for _ in range(9):
        log_in(page, base_url, "password")
        expect(page.locator(".errornote")).to_contain_text("correct username and password")
    for password in ("password", PASSWORD):
        log_in(page, base_url, password)
        expect(page.get_by_role("heading", level=1)).to_have_text("Too many failed logins")
        expect(page.locator("#site-name")).to_have_text("Todo API")
        assert page_log.pop_errors() == [FAILED_REQUEST.format("429 (Too Many Requests)")]
