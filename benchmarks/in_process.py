"""A process that calls a WSGI application without a server, and reports its CPU time.

`python in_process.py MODULE` imports `MODULE.application` from the working directory. It reads
batches of requests from stdin, one JSON array per line, and writes the CPU time of each batch in
microseconds per request, or the first failed response. It imports nothing of this package, so it
also measures another checkout.
"""

import json
import os
import sys
from importlib import import_module
from io import BytesIO
from time import process_time
from typing import Any


def environ_of(request: dict[str, Any]) -> dict[str, Any]:
    """Return the WSGI environment, as gunicorn makes it, of a request from wrk."""
    path, _, query = request["path"].partition("?")
    body = request["body"].encode()
    return {
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": None,
        "wsgi.input_terminated": True,
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
        "SERVER_SOFTWARE": "gunicorn",
        "REQUEST_METHOD": request["method"],
        "QUERY_STRING": query,
        "RAW_URI": request["path"],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "CONTENT_TYPE": "application/json" if body else "",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
    }


def call(application: Any, environ: dict[str, Any]) -> tuple[str, bytes]:
    """Call the application as a server does; return the status and the body."""
    started: list[str] = []
    chunks: Any = application(environ, lambda status, _: started.append(status))
    body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    return started[0], body


def main() -> None:
    """Measure batches until the end of stdin."""
    output, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.path[0] = os.getcwd()  # noqa: PTH109
    application = import_module(sys.argv[1]).application
    for line in sys.stdin:
        environs = [environ_of(request) for request in json.loads(line)]
        start = process_time()
        responses = [call(application, environ) for environ in environs]
        elapsed = (process_time() - start) / len(environs) * 1e6
        failed = [response for response in responses if not response[0].startswith("2")]
        print(f"failed: {failed[0]}" if failed else elapsed, file=output, flush=True)


if __name__ == "__main__":
    main()
