"""Where a request in a buffer ends (RFC 9112 §6), without parsing more of it than that."""

from enum import Enum, auto

MAX_HEAD_SIZE = 32 * 1024
"""Bytes of the request line and all headers, and of trailers. More is a 431."""

MAX_CHUNK_LINE = 1024
"""Bytes of a line with the size of a chunk. gunicorn rejects a longer one as invalid."""

CHUNK_OVERHEAD = 2
"""How many times its limit a body may take with its chunk lines."""

HEAD_END = b"\r\n\r\n"


class State(Enum):
    """How much of a request is there."""

    INCOMPLETE = auto()
    COMPLETE = auto()
    HEAD_TOO_LARGE = auto()
    BODY_TOO_LARGE = auto()


class RequestBuffer:
    """The bytes of a request as they arrive.

    A request that is not valid counts as complete as soon as that shows: gunicorn rejects it. A
    body over the limit is not collected.
    """

    def __init__(self, max_body_size: int) -> None:
        self.data = bytearray()
        self.expects_continue = False
        self._max_body_size = max_body_size
        self._scanned = 0
        self._body_start = 0  # 0 until the head is complete
        self._body_end = 0  # unless the body is chunked
        self._chunked = False
        self._chunks_size = 0

    def append(self, data: bytes) -> State:
        """Add received bytes; return the state of the request."""
        self.data += data
        if not self._body_start:
            state = self._scan_head()
            if not self._body_start:
                return state
        if self._chunked:
            return self._scan_chunks()
        if self._body_end - self._body_start > self._max_body_size:
            return State.BODY_TOO_LARGE
        return State.COMPLETE if len(self.data) >= self._body_end else State.INCOMPLETE

    @property
    def has_head(self) -> bool:
        """Whether the request line and all headers are there."""
        return self._body_start > 0

    def _scan_head(self) -> State:
        end = self.data.find(HEAD_END, max(0, self._scanned - len(HEAD_END) + 1))
        self._scanned = len(self.data)
        if max(end, 0) > MAX_HEAD_SIZE or (end < 0 and self._scanned > MAX_HEAD_SIZE):
            return State.HEAD_TOO_LARGE
        if end < 0:
            # A line feed alone never ends the head: RFC 9112 §2.2 lets a server reject it.
            bare_line_feed = self.data.count(b"\n") != self.data.count(b"\r\n")
            return State.COMPLETE if bare_line_feed else State.INCOMPLETE
        self._read_framing(bytes(self.data[:end]).lower() + b"\r\n", end + len(HEAD_END))
        return State.INCOMPLETE

    def _read_framing(self, head: bytes, body_start: int) -> None:
        """Read from the headers, in lower case, how the body is framed."""
        self._body_start = self._scanned = self._body_end = body_start
        self._chunked = b"\r\ntransfer-encoding:" in head
        self.expects_continue = b"\r\nexpect:" in head and b"100-continue" in head
        _, found, rest = head.partition(b"\r\ncontent-length:")
        length = rest.partition(b"\r\n")[0].strip(b" \t")
        if found and length.isdigit():
            # 19 digits are more than any limit, and int() rejects more than 4300.
            self._body_end += int(length[:19])

    def _scan_chunks(self) -> State:
        limit = self._max_body_size
        while self._scanned <= len(self.data):
            end = self.data.find(b"\r\n", self._scanned)
            if end < 0:
                too_long = len(self.data) - self._scanned > MAX_CHUNK_LINE
                return State.COMPLETE if too_long else State.INCOMPLETE
            try:
                size = int(self.data[self._scanned : end].partition(b";")[0], 16)
            except ValueError:
                return State.COMPLETE
            if size <= 0:
                return self._scan_trailers(end)
            self._chunks_size += size
            self._scanned = end + 2 + size + 2
            if max(self._chunks_size, len(self.data) / CHUNK_OVERHEAD - MAX_HEAD_SIZE) > limit:
                return State.BODY_TOO_LARGE
        return State.INCOMPLETE

    def _scan_trailers(self, end: int) -> State:
        """Return the state after the last chunk, whose line ends at `end`."""
        if self.data.find(HEAD_END, end) >= 0:
            return State.COMPLETE
        too_large = len(self.data) - end > MAX_HEAD_SIZE
        return State.HEAD_TOO_LARGE if too_large else State.INCOMPLETE
