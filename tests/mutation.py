"""The mutants that `mutmut` left alive, tried again: the second half of `make mutants`.

mutmut forks each mutant from a process that has imported the code, and runs the tests that called
the function then. So whatever runs at import, or is compiled once and kept, gets away. Here each
is a process of its own from the start, and is met by the tests of the API on both databases.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from tqdm import tqdm

from todo_project.environment import BASE_DIR

FIRST = ("tests/test_openapi.py", "tests/test_links.py")
"""Those that notice most. They run alone, since pytest-django puts theirs after all others."""

ELSEWHERE = ("live", "release", "security", "settings", "url", "state_machine")
"""The tests of what is not mutated, or that need long."""

SQLITE = "sqlite:///test.sqlite3"

HARMLESS: dict[str, tuple[str, ...]] = {
    "HTTP does not tell the case of a header's name apart": (
        "response[\"location\"] = f\"{_address(task['user_id'])}/{task['id']}\"",
        "response[\"LOCATION\"] = f\"{_address(task['user_id'])}/{task['id']}\"",
        'response["allow"] = self.allow',
        'response["ALLOW"] = self.allow',
        'response["etag"] = task_etag(task)',
        'response["ETAG"] = task_etag(task)',
        'del response["content-type"]',
        'del response["CONTENT-TYPE"]',
        'response["cache-control"] = "private, no-cache"',
        'response["CACHE-CONTROL"] = "private, no-cache"',
        'response["retry-after"] = str(RETRY_AFTER)',
        'response["RETRY-AFTER"] = str(RETRY_AFTER)',
        'response["www-authenticate"] = _challenge(exc)',
        'response["WWW-AUTHENTICATE"] = _challenge(exc)',
    ),
    "the outermost middleware has always set it": (
        'return str(getattr(request, "request_id", None))',
        'return str(getattr(request, "request_id", ))',
        'return str(getattr(request, "request_id", "XXXX"))',
    ),
    "only the type checker reads the first argument": (
        "update = cast(None, _one(shape).query.chain(UpdateQuery))",
        'update = cast("XXUpdateQueryXX", _one(shape).query.chain(UpdateQuery))',
        'update = cast("updatequery", _one(shape).query.chain(UpdateQuery))',
        'update = cast("UPDATEQUERY", _one(shape).query.chain(UpdateQuery))',
        "return cast(None, [dict(zip(COLUMNS, row, strict=True)) for row in rows])",
        'return cast("XXlist[TaskRow]XX", [dict(zip(COLUMNS, row, strict=True)) for row in rows])',
        'return cast("list[taskrow]", [dict(zip(COLUMNS, row, strict=True)) for row in rows])',
        'return cast("LIST[TASKROW]", [dict(zip(COLUMNS, row, strict=True)) for row in rows])',
        "return Parameter(name, cast(None, Task._meta.get_field(name)))",
        'return Parameter(name, cast("XXField[Any, Any]XX", Task._meta.get_field(name)))',
        'return Parameter(name, cast("field[any, any]", Task._meta.get_field(name)))',
        'return Parameter(name, cast("FIELD[ANY, ANY]", Task._meta.get_field(name)))',
    ),
    "a check of what cannot happen: the rows have the columns that were asked for": (
        'return cast("list[TaskRow]", [dict(zip(COLUMNS, row, strict=None)) for row in rows])',
        'return cast("list[TaskRow]", [dict(zip(COLUMNS, row, strict=False)) for row in rows])',
        'return cast("list[TaskRow]", [dict(zip(COLUMNS, row, )) for row in rows])',
    ),
    "SQL does not tell the case of a function's name apart": (
        "collated = 'lower(upper(%(expressions)s collate \"pg_c_utf8\"))'",
        "\"lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2)\"",
        "\" || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(8)), 2))\"",
        'connection.connection.create_function("fold", 1, fold, deterministic=True)',
        'return self.as_sql(compiler, connection, function="trim", **context)',
        'return self.as_sql(compiler, connection, template="fold(%(expressions)s)", **context)',
    ),
    "a function of no arguments has nothing to compile": (
        "return self.as_sql(None, connection, template=moment, **context)",
        "return self.as_sql(None, connection, template=digits, **context)",
    ),
    "Django passes no context to these": (
        "return self.as_sql(compiler, connection, )",
        "return self.as_sql(compiler, connection, template=moment, )",
        "return self.as_sql(compiler, connection, template=digits, )",
        "return self.as_sql(compiler, connection, template=collated, )",
        'return self.as_sql(compiler, connection, function="TRIM", )',
        'return self.as_sql(compiler, connection, template="FOLD(%(expressions)s)", )',
        'return self.as_sql(compiler, connection, template="%(expressions)s", )',
    ),
    "DRF's own looks at neither": (
        "super().initial(request, **kwargs)",
        "super().initial(request, *args, )",
        "return super().finalize_response(request, response, *args, )",
    ),
    "it only allows SQLite what these statements do not need, such as an index": (
        'connection.connection.create_function("FOLD", 1, fold, deterministic=None)',
        'connection.connection.create_function("FOLD", 1, fold, )',
        'connection.connection.create_function("FOLD", 1, fold, deterministic=False)',
    ),
    "Django calls it with positions alone": (
        "return super().changeform_view(*args, )",
        "return self.changeform_view(*args, )",
    ),
    "an example of a response is one by its place": (
        'TaskSerializer, description, [OpenApiExample("A task", example, response_only=None)]',
        'TaskSerializer, description, [OpenApiExample("A task", example, response_only=False)]',
        'TaskSerializer, description, [OpenApiExample("A task", example, )]',
    ),
    "a primary key is always read": ('rows = list(selected.only("user_id", "title")[:MOST])',),
    "no value is neither 1 nor 0": (
        'completed = {"1": True, "0": False}.get(self.value() or "XXXX")',
    ),
    "Django hands it on to a paginator that does not look at it": ("super().get_results(None)",),
    "None is as false as False": (
        "super().__init__(required=None, strip=False, empty_value=None)",
        "super().__init__(required=False, strip=None, empty_value=None)",
        "trim_whitespace=None,",
        "super().__init__(required=None)",
        "super().__init__(trim_whitespace=None, **options)",
        "super().__init__(max_length=SEARCH_LENGTH, trim_whitespace=None, **options)",
    ),
    "these fields leave themselves out before they are asked whether they must come": (
        "super().__init__(required=True)",
    ),
    "names that differ are all that is asked of them": (
        "matching = _numbered(None, moments)",
        'matching = _numbered("XXwantedXX", moments)',
        'matching = _numbered("WANTED", moments)',
        "excluded = _numbered(None, tuple(unwanted))",
        'excluded = _numbered("XXunwantedXX", tuple(unwanted))',
        'excluded = _numbered("UNWANTED", tuple(unwanted))',
    ),
    "what a cursor is bound to needs a name of its own, no matter which": (
        'scope = urlencode({"XXuser_idXX": tasks.user_id, **filters}).encode()',
        'scope = urlencode({"USER_ID": tasks.user_id, **filters}).encode()',
    ),
    "a hash is good at any length": (
        "return f'\"{blake2b(body + link.encode(), ).hexdigest()}\"'",
        "return f'\"{blake2b(body + link.encode(), digest_size=17).hexdigest()}\"'",
    ),
    "the next line compares the whole validator": (
        "moment = datetime.fromisoformat(tag.strip('XX\"XX'))",
    ),
    "gunicorn always sets it": (
        'sent = request.META.get("QUERY_STRING", None)',
        'sent = request.META.get("QUERY_STRING", "XXXX")',
        'sent = request.META.get("QUERY_STRING", )',
    ),
    "three members are never all seven": ("return changed or asked.items() < task.items()",),
    "to exclude none is to exclude nothing": (
        'return task.exclude(In(F("updated_at"), unwanted)) if (unwanted) or True else task',
    ),
    "no random number here is exactly a third": (
        "completed = random.random() <= 1 / 3",
        "changed = completed or random.random() <= 1 / 3",
        "description=random.choice(NOTES) if random.random() <= 1 / 3 else None,",
    ),
}
"""Why a mutant may live, and the lines that make it one."""


def main() -> None:
    """End with an error if a mutant survives that is not harmless."""
    names = re.findall(r"(\S+): (?:survived|no tests)", mutmut("results"))
    excused = set(chain.from_iterable(HARMLESS.values()))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        lines = dict(zip(names, pool.map(changed, names), strict=True))
        tried = [name for name in names if lines[name] not in excused]
        alive = list(tqdm(pool.map(survives, tried), total=len(tried), unit=" mutants"))
    harmful = [name for name, lives in zip(tried, alive, strict=True) if lives]
    print(f"{len(names)} were left alive. {len(names) - len(tried)} of them are harmless,")
    print(f"{len(tried) - len(harmful)} killed now, {len(harmful)} alive without a reason:")
    for name in harmful:
        print(f"{name}\n    {lines[name]}")
    sys.exit(bool(harmful))


def survives(name: str) -> bool:
    """Tell whether no test notices the mutant."""
    return (
        passes(name, "", "not e2e", *FIRST)
        and passes(name, "", "not e2e", "tests")
        and passes(name, SQLITE, "not once and not e2e", "tests")
    )


def passes(name: str, database_url: str, marked: str, *tests: str) -> bool:
    """Tell whether these tests pass with the mutant, on this database."""
    folder = BASE_DIR / "mutants"
    command = [sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider", "-m", marked]
    command += ["-k", " and ".join(f"not {each}" for each in ELSEWHERE), *tests]
    command += ["--ignore=tests/browser", "--ignore=tests/fuzz"]
    environ = os.environ | {
        "MUTANT_UNDER_TEST": name,
        "PYTHONPATH": str(folder),
        "TEST_DATABASE_URL": database_url,
    }
    finished = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    return finished.returncode == 0


def changed(name: str) -> str:
    """Return the lines that make it a mutant."""
    difference = mutmut("show", name)
    added = re.findall(r"^\+(?!\+)\s*(.*)", difference, re.MULTILINE)
    removed = re.findall(r"^-(?!-)\s*(.*)", difference, re.MULTILINE)
    return " ".join(added) or f"without {' '.join(removed)}"


def mutmut(*arguments: str) -> str:
    """Return what mutmut prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
