"""The requests that change or delete an existing task."""

WRITES: list[tuple[str, str, object]] = [
    ("PUT", "", {"title": "New"}),
    ("PUT", "", {}),
    ("PATCH", "", {"title": "New"}),
    ("PATCH", "", {}),
    ("PATCH", "/complete", None),
    ("PATCH", "/complete", {"completed": True}),
    ("DELETE", "", None),
]
"""Method, end of the path (after the id of the task) and body."""

SUCCESS_STATUS = {"PUT": 200, "PATCH": 200, "DELETE": 204}
