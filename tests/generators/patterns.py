"""Compile the patterns of the OpenAPI document with seven other engines than Python's.

`make generators` runs this file. The name keeps it out of `make test`.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generators.clients import JAR
from tests.support.openapi import PATTERNS

PROGRAMS = Path(__file__).with_name("engines")
TAGS = [", ".join(['"a"'] * count) for count in (1, 64, 65)]
SAMPLES = [
    *("", "a", "a b", "a\nb", " ", "\t", "\n a", "a\0", "\0a", "\0", "é", "\U0001f600", "\x80"),
    *(".", "..", "...", ".a", "..a", "a/b", "/", "./", "\x01", ".\x7f", "\x7f", "~", "a" * 129),
    *("a" * 40, "-_" * 20, "-._" * 9, "*", 'W/"a"', '"a" "b"', "a,b", ",", *TAGS),
    *(f'{weak}"{digit * 32}"' for weak in ("", "W/") for digit in "fg"),
    *(f'"2026-02-06T10:30:00{fraction}Z"' for fraction in ("", ".123456", ".123", ".١٢٣٤٥٦")),
    *('</api/a/tasks?cursor=a>; rel="next"', '<>; rel="next"'),
]
"""Without a line feed at the end, before which `$` matches in some engines, and without white
space beyond that of ASCII, where each has its own `\\s`."""

ECMASCRIPT = """
const [patterns, samples] = JSON.parse(fs.readFileSync(0));
const match = (p) => samples.map((s) => new RegExp(p, process.argv[1]).test(s));
console.log(JSON.stringify(patterns.map(match)));
"""
PCRE = """
[$patterns, $samples] = json_decode(stream_get_contents(STDIN));
$match = fn($p) => array_map(fn($s) => preg_match("~$p~u", $s) === 1, $samples);
echo json_encode(array_map($match, $patterns));
"""
RUST = """
import json, sys, pydantic_core
patterns, samples = json.load(sys.stdin)
compiled = [pydantic_core.SchemaValidator({"type": "str", "pattern": p}) for p in patterns]
print(json.dumps([[validator.isinstance_python(s) for s in samples] for validator in compiled]))
"""
ENGINES = {
    "ECMAScript": ["node", "-e", ECMASCRIPT, ""],
    "ECMAScript u": ["node", "-e", ECMASCRIPT, "u"],
    "ECMAScript v": ["node", "-e", ECMASCRIPT, "v"],
    "PCRE": ["php", "-r", PCRE],
    "Rust": [sys.executable, "-c", RUST],
    "Java": ["java", "-cp", JAR, str(PROGRAMS / "Patterns.java")],
    "Go": ["go", "run", str(PROGRAMS / "patterns.go")],
}


@pytest.mark.parametrize("engine", ENGINES)
def test_engine_reads_the_patterns_as_python_does(engine: str) -> None:
    expected = [[bool(re.search(pattern, sample)) for sample in SAMPLES] for pattern in PATTERNS]
    assert [set(matches) for matches in expected] == [{True, False}] * len(PATTERNS)
    given = json.dumps([PATTERNS, SAMPLES])
    assert json.loads(subprocess.check_output(ENGINES[engine], input=given, text=True)) == expected
