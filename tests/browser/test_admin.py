"""Tests of the admin in a browser: its actions on tasks; failed logins, and the session's end."""

import itertools

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from tasks.models import Task
from tests.support.accessibility import OF_DJANGO, violations
from tests.support.admin import ADD_URL, CONFLICT, LIST_URL, TEXTS, change_url
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


NOT_SAVED = "The form was not saved. It contains what you typed."


def submit_and_log_in_again(page: Page, username: str = "root") -> None:
    """Submit the form although the session has ended, and log in on the page that follows."""
    Session.objects.all().delete()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Username:").fill(username)
    for password in ("wrong", PASSWORD):
        page.get_by_label("Password:").fill(password)
        page.get_by_role("button", name="Log in").click()


def test_typed_text_survives_the_end_of_the_session(
    superuser: User, base_url: str, page: Page
) -> None:
    task = TaskFactory.create(title="Milk", description="Two\nbottles")
    log_in(page, base_url)
    page.goto(base_url + change_url(task))
    page.get_by_label("Title:").fill("Oat milk")
    page.get_by_label("Completed").check()
    Task.objects.filter(id=task.id).update(description="Changed by somebody else")
    submit_and_log_in_again(page)
    expect(page.locator(".errornote")).to_have_text(NOT_SAVED)
    assert violations(page, *OF_DJANGO) == []
    expect(page.get_by_label("Title:")).to_have_value("Oat milk")
    expect(page.get_by_label("Description:")).to_have_value("Two\nbottles")
    expect(page.get_by_label("Completed")).to_be_checked()
    assert Task.objects.get().title == "Milk"
    page.get_by_role("button", name="Save", exact=True).click()  # and what somebody else changed
    expect(page.locator(".errorlist").first).to_have_text(CONFLICT)
    expect(page.get_by_label("Title:")).to_have_value("Oat milk")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
    saved = Task.objects.get()
    assert (saved.title, saved.completed) == ("Oat milk", True)
    assert saved.description == "Changed by somebody else"
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("saved", ["Save and continue editing", "Save and add another"])
def test_saved_text_is_not_restored(
    superuser: User, base_url: str, page: Page, saved: str
) -> None:
    log_in(page, base_url)
    page.goto(base_url + ADD_URL)
    page.get_by_label("User id:").fill(OWNER)
    page.get_by_label("Title:").fill("Milk")
    page.get_by_role("button", name=saved).click()
    expect(page.locator(".messagelist")).to_contain_text("was added successfully")
    page.goto(base_url + ADD_URL)
    expect(page.get_by_label("Title:")).to_have_value("")
    expect(page.locator(".errornote")).to_have_count(0)


def test_typed_text_is_not_shown_to_another_user_nor_on_a_later_page(
    superuser: User, base_url: str, page: Page
) -> None:
    User.objects.create(
        username="other", password=superuser.password, is_staff=True, is_superuser=True
    )
    task = TaskFactory.create(title="Milk")
    log_in(page, base_url)
    page.goto(base_url + change_url(task))
    page.get_by_label("Title:").fill("Oat milk")
    submit_and_log_in_again(page, "other")
    expect(page.get_by_label("Title:")).to_have_value("Milk")
    assert page.evaluate("sessionStorage.length") == 0
    page.get_by_label("Title:").fill("Soy milk")
    submit_and_log_in_again(page, "other")
    expect(page.get_by_label("Title:")).to_have_value("Soy milk")
    page.reload()
    expect(page.locator(".errornote")).to_have_count(0)
    expect(page.get_by_label("Title:")).to_have_value("Milk")


def test_passwords_are_not_kept(superuser: User, base_url: str, page: Page) -> None:
    log_in(page, base_url)
    page.goto(f"{base_url}/admin/auth/user/add/")
    page.get_by_label("Password:", exact=True).fill("secret")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errornote")).to_be_visible()
    page.context.clear_cookies(name="sessionid")
    page.get_by_label("Password:", exact=True).fill("secret")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_all_tasks_are_selected_only_of_one_user(
    superuser: User, base_url: str, page: Page
) -> None:
    Task.objects.bulk_create(Task(user_id=OWNER, title="Milk") for _ in range(101))
    log_in(page, base_url)
    for query, is_offered in (("", False), (f"?q={OWNER}", True)):
        page.goto(base_url + LIST_URL + query)
        page.locator("#action-toggle").check()
        expect(page.get_by_text("100 of 1")).to_be_visible()
        expect(page.get_by_text("Select all 101 tasks")).to_be_visible(visible=is_offered)


def test_list_is_downloaded(superuser: User, base_url: str, page: Page) -> None:
    Task.objects.bulk_create(Task(user_id=OWNER, title="Milk") for _ in range(101))
    log_in(page, base_url)
    page.goto(f"{base_url}{LIST_URL}?q={OWNER}")
    page.locator("#action-toggle").check()
    page.get_by_text("Select all 101 tasks").click()
    page.get_by_label("Action:").select_option("download")
    with page.expect_download() as download:
        page.get_by_role("button", name="Go").click()
    assert download.value.suggested_filename == "tasks.csv"
    assert len(download.value.path().read_text().splitlines()) == 102
