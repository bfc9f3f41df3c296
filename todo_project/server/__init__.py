"""A gunicorn worker whose threads never wait for a client.

gthread, from which it is derived, gives a thread to a connection before its request has arrived,
and the thread waits for the client. Here the event loop receives each request as a whole, with
gunicorn's own parser, and sends what the client does not take of a response at once. So slow
clients hold memory, within limits, but no thread.

To use it, set `worker_class` to `worker.BufferingWorker`, or to a subclass whose attributes are
other settings. The package needs gunicorn and greenlet, and nothing of this project.

The environ of a request has the keys of PEP 3333, `RAW_URI`, the target as it was sent, and
`gunicorn.refused`: None, or the status (an `HTTPStatus`) of the response that the application has
to give instead of its own:

- 400: the client ended the connection before the end of the body, or has compressed it for the
  transfer.
- 413: the body is larger than `max_body_size`, or takes too many bytes with its chunk lines.
- 503: no thread was free for `QUEUE_TIMEOUT` seconds, or there is no memory for the response.

The body is not passed on then. A chunked body (RFC 9112 §7.1) is passed on with a Content-Length
and without its Transfer-Encoding.
"""
