"""Run the mutants that survived `mutmut run` once more: the second half of `make mutants`.

mutmut forks each mutant from a process that has already imported the code, and runs only the tests
that call the mutated function. So mutants of code that runs at import, or whose result is cached,
survive. Here each mutant gets a new process and the tests of the API on both databases.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from tqdm import tqdm

from todo_project.environment import BASE_DIR

FIRST_TESTS = (
    "tests/openapi/test_openapi.py",
    "tests/openapi/test_openapi_links.py",
    "tests/openapi/test_openapi_schemas.py",
)
"""Tests that detect many mutants and need no database, which pytest-django would run last."""

EXCLUDED_TESTS = (
    "tests/api/test_state_machine.py",  # slow
    "tests/browser",
    "tests/database/test_url.py",
    "tests/deployment/test_documentation.py",
    "tests/deployment/test_gunicorn.py",
    "tests/deployment/test_reference_tables.py",
    "tests/deployment/test_release.py",
    "tests/deployment/test_settings.py",
    "tests/fuzz",
    "tests/service/test_https.py",
    "tests/service/test_security_headers.py",
    "tests/server/test_server.py",
)
"""Slow tests, and tests of code that is not mutated."""

SQLITE = "sqlite:///test.sqlite3"

EQUIVALENT_MUTANTS: dict[str, tuple[str, ...]] = {
    "header names are case-insensitive": (
        "response[\"location\"] = f\"{_list_url(task['user_id'])}/{task['id']}\"",
        "response[\"LOCATION\"] = f\"{_list_url(task['user_id'])}/{task['id']}\"",
        'response["allow"] = self.allow',
        'response["ALLOW"] = self.allow',
        'response["etag"] = task_etag(task)',
        'response["ETAG"] = task_etag(task)',
        'del response["content-type"]',
        'del response["CONTENT-TYPE"]',
        'response["cache-control"] = CACHE_CONTROL',
        'response["CACHE-CONTROL"] = CACHE_CONTROL',
        'response["retry-after"] = str(RETRY_AFTER)',
        'response["RETRY-AFTER"] = str(RETRY_AFTER)',
        'response["www-authenticate"] = _challenge(exc)',
        'response["WWW-AUTHENTICATE"] = _challenge(exc)',
    ),
    "the outermost middleware always sets it": (
        'return str(getattr(request, "request_id", None))',
        'return str(getattr(request, "request_id", ))',
        'return str(getattr(request, "request_id", "XXXX"))',
    ),
    "only the type checker uses the first argument": (
        "update = cast(None, _one(parameters).query.chain(UpdateQuery))",
        'update = cast("XXUpdateQueryXX", _one(parameters).query.chain(UpdateQuery))',
        'update = cast("updatequery", _one(parameters).query.chain(UpdateQuery))',
        'update = cast("UPDATEQUERY", _one(parameters).query.chain(UpdateQuery))',
        "return BindParameter(name, cast(None, Task._meta.get_field(name)))",
        'return BindParameter(name, cast("XXField[Any, Any]XX", Task._meta.get_field(name)))',
        'return BindParameter(name, cast("field[any, any]", Task._meta.get_field(name)))',
        'return BindParameter(name, cast("FIELD[ANY, ANY]", Task._meta.get_field(name)))',
    ),
    "the names of SQL functions are case-insensitive": (
        "collated = 'lower(upper(%(expressions)s collate \"pg_c_utf8\"))'",
        "\"lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2)\"",
        "\" || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(8)), 2))\"",
        'connection.connection.create_function("casefold", 1, casefold, deterministic=True)',
        'return self.as_sql(compiler, connection, function="trim", **context)',
        (
            "return self.as_sql("
            'compiler, connection, template="casefold(%(expressions)s)", **context)'
        ),
    ),
    "without arguments there is nothing to compile": (
        "return self.as_sql(None, connection, template=timestamp, **context)",
        "return self.as_sql(None, connection, template=digits, **context)",
    ),
    "Django passes no context to these functions": (
        "return self.as_sql(compiler, connection, )",
        "return self.as_sql(compiler, connection, template=timestamp, )",
        "return self.as_sql(compiler, connection, template=digits, )",
        "return self.as_sql(compiler, connection, template=collated, )",
        'return self.as_sql(compiler, connection, function="TRIM", )',
        'return self.as_sql(compiler, connection, template="CASEFOLD(%(expressions)s)", )',
        'return self.as_sql(compiler, connection, template="%(expressions)s", )',
    ),
    "DRF's method does not use these arguments": (
        "super().initial(request, **kwargs)",
        "super().initial(request, *args, )",
        "return super().finalize_response(request, response, *args, )",
    ),
    "only an index or a generated column requires a deterministic function": (
        'connection.connection.create_function("CASEFOLD", 1, casefold, deterministic=None)',
        'connection.connection.create_function("CASEFOLD", 1, casefold, )',
        'connection.connection.create_function("CASEFOLD", 1, casefold, deterministic=False)',
    ),
    "Django passes only positional arguments": (
        "return super().changeform_view(*args, )",
        "return self.changeform_view(*args, )",
    ),
    "drf-spectacular uses the example of a response for responses only": (
        "TaskSerializer, description, [OpenApiExample(name, example, response_only=None)]",
        "TaskSerializer, description, [OpenApiExample(name, example, response_only=False)]",
        "TaskSerializer, description, [OpenApiExample(name, example, )]",
    ),
    "`only` always includes the primary key": (
        'rows = list(selected.only("user_id", "title")[:MAX_COUNT])',
    ),
    'any string except "1" and "0" means no filter': (
        'completed = {"1": True, "0": False}.get(self.value() or "XXXX")',
    ),
    "Django passes the request to a paginator that does not use it": (
        "super().get_results(None)",
    ),
    "None has the same effect as False": (
        "super().__init__(required=None, strip=False, empty_value=None)",
        "super().__init__(required=False, strip=None, empty_value=None)",
        "trim_whitespace=None,",
        "super().__init__(required=None)",
        "super().__init__(trim_whitespace=None, **options)",
        "super().__init__(max_length=SEARCH_LENGTH, trim_whitespace=None, **options)",
    ),
    "these fields are skipped before `required` is checked": ("super().__init__(required=True)",),
    "the names of bind parameters only have to be unique": (
        "matching = _bind(None, allowed)",
        'matching = _bind("XXif_matchXX", allowed)',
        'matching = _bind("IF_MATCH", allowed)',
        "excluded = _bind(None, tuple(if_none_match))",
        'excluded = _bind("XXif_none_matchXX", tuple(if_none_match))',
        'excluded = _bind("IF_NONE_MATCH", tuple(if_none_match))',
    ),
    "the name in the hashed scope only has to be unique": (
        'scope = urlencode({"XXuser_idXX": tasks.user_id, **filters}).encode()',
        'scope = urlencode({"USER_ID": tasks.user_id, **filters}).encode()',
    ),
    "an entity tag may have any length": ("return f'\"{digest.hexdigest()[:33]}\"'",),
    "the next line compares the whole entity tag": (
        "timestamp = datetime.fromisoformat(etag.strip('XX\"XX'))",
    ),
    "gunicorn and the test client always set it": (
        'query = request.META.get("QUERY_STRING", None)',
        'query = request.META.get("QUERY_STRING", "XXXX")',
        'query = request.META.get("QUERY_STRING", )',
    ),
    "a request never has all fields of a task": (
        "return changed or (DEFAULTS | fields).items() < task.items()",
    ),
    "excluding an empty list excludes nothing": (
        'return task.exclude(In(F("updated_at"), excluded)) if (excluded) or True else task',
    ),
    "no random number here is exactly 1/3": (
        "completed = random.random() <= 1 / 3",
        "changed = completed or random.random() <= 1 / 3",
        "description=random.choice(NOTES) if random.random() <= 1 / 3 else None,",
    ),
}
"""The mutants that behave like the original: the reason, and their changed lines."""


def main() -> None:
    """Exit with an error if a mutant survives that is not equivalent."""
    names = re.findall(r"(\S+): (?:survived|no tests)", mutmut("results"))
    equivalent = set(chain.from_iterable(EQUIVALENT_MUTANTS.values()))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        lines = dict(zip(names, pool.map(changed_lines, names), strict=True))
        tested = [name for name in names if lines[name] not in equivalent]
        results = list(tqdm(pool.map(survives, tested), total=len(tested), unit=" mutants"))
    survivors = [name for name, survived in zip(tested, results, strict=True) if survived]
    print(
        f"{len(names)} mutants survived mutmut: {len(names) - len(tested)} are equivalent, "
        f"{len(tested) - len(survivors)} were killed now, {len(survivors)} survive:"
    )
    for name in survivors:
        print(f"{name}\n    {lines[name]}")
    sys.exit(bool(survivors))


def survives(name: str) -> bool:
    """Return whether no test fails with the mutant."""
    return (
        passes(name, "", "not e2e", *FIRST_TESTS)
        and passes(name, "", "not e2e", "tests")
        and passes(name, SQLITE, "not once and not e2e", "tests")
    )


def passes(name: str, database_url: str, markers: str, *tests: str) -> bool:
    """Return whether these tests pass with the mutant on this database."""
    folder = BASE_DIR / "mutants"
    command = [sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider", "-m", markers]
    command += [*tests, *(f"--ignore={path}" for path in EXCLUDED_TESTS)]
    environ = os.environ | {
        "MUTANT_UNDER_TEST": name,
        "PYTHONPATH": str(folder),
        "TEST_DATABASE_URL": database_url,
    }
    finished = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    return finished.returncode == 0


def changed_lines(name: str) -> str:
    """Return the lines that the mutant adds, or else those that it removes."""
    difference = mutmut("show", name)
    added = re.findall(r"^\+(?!\+)\s*(.*)", difference, re.MULTILINE)
    removed = re.findall(r"^-(?!-)\s*(.*)", difference, re.MULTILINE)
    return " ".join(added) or f"without {' '.join(removed)}"


def mutmut(*arguments: str) -> str:
    """Run mutmut; return what it prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
