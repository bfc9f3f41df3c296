"""Generated HTTP/1.x messages: valid, odd and broken ones, in pipelines of 1 to 50 requests."""

from dataclasses import dataclass
from random import Random

MAX_HEAD_SIZE = 32 * 1024
MAX_BODY_SIZE = 64 * 1024

LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
"""The request at the end of each message; its answer shows that the ones before have ended."""

VALUES = (
    b"a", b"", b" ", b"\t x \t", b"a, b", b'"q,\\""', b"\xe4\xff", b"x" * 300, b"a:b",
)  # fmt: skip
NAMES = (
    b"X-A", b"x-a", b"Cookie", b"If-Match", b"X-B", b"Accept", b"!#$%&'*+-.^`|~",
)  # fmt: skip
BAD_LINES = (
    b"Content-Type: a", b"X-A: \x0b",
    b"X_A: 1", b"X-A : 1", b" X-A: 1", b": 1", b"X-A", b"", b"X\x00: 1", b"X-A: a\rb",
    b"X-A: a\x00", b"X-A: a\n b", b"X-A: a\nTransfer-Encoding: chunked", b"X-A: a\r\n folded",
    b"X-A: a\r\n\tfolded", b"X-A: 1\r\nContent-Length\x0b: 9", b"Host: b",
    b"Content-Type: a\r\nContent-Type: b", b"X-\xe4: 1", b"\n", b"X-A: a\n\n",
    b"X-A: " + b"x" * 8300, b"X-A: 1\r\n" * 101 + b"X-B: 2",
)  # fmt: skip
CONNECTIONS = (
    b"keep-alive", b"Keep-Alive", b"close", b"CLOSE", b" close ", b"close, x", b"x, close",
    b"x,CLOSE ", b"keep-alive, close", b"upgrade", b"x", b"", b"closed",
    b"close\r\nConnection: keep-alive", b"keep-alive\r\nConnection: close",
    b"x\r\nConnection: close", b"close;a", b"TE, keep-alive",
)  # fmt: skip
EXPECTATIONS = (
    b"100-continue", b"100-Continue", b"100-continue\r\nExpect: 100-continue", b"200-ok", b"",
    b"100-continue, x",
)  # fmt: skip
LENGTHS = (
    "+{n}", "-{n}", "{n} ", "\t{n}\t", "{n},{n}", "{n}, {n}", "0x{n:x}", "{n}.0", "", " ", "{n}²",
    "1_0", "{n} 0", "{n}e0", '"{n}"', "{n};", "{n}\r\nContent-Length: {n}",
    "{n}\r\nContent-Length: 1{n}", "{n}\r\n Content-Length: 0", "{n:05000}", "\x0c{n}", "1{n}",
    "2{n}",
)  # fmt: skip
CODINGS = (
    b"Chunked", b"CHUNKED", b" chunked ", b"chunked\t", b"identity, chunked", b"gzip, chunked",
    b"deflate,chunked", b"chunked, chunked", b"chunked, identity", b"chunked, gzip", b"gzip", b"",
    b"xchunked", b"chunked;q=1", b"chunked,", b",chunked", b'"chunked"', b"\x0bchunked",
    b"identity", b"chunked\r\nTransfer-Encoding: chunked", b"gzip\r\nTransfer-Encoding: chunked",
    b"chunked\r\nTransfer-Encoding: identity", b"chunked\r\n folded",
    b"chunked\r\nContent-Length: 3",
)  # fmt: skip
SIZES = (
    "0x{n:x}", "+{n:x}", "-{n:x}", "{n:x} ", " {n:x}", "", "{n:x}g", "{n:x}\n", "{n:x}_0",
    "1{n:x}", "0", "ffffffffffffffffffff", "{n:x}\r", "2", "{n}",
)  # fmt: skip
EXTENSIONS = (
    b";a", b";a=b", b' ; a = "b;c"', b";a=1;b=2", b"\t;a", b';a="\\""', b";", b";;", b";a=",
    b"; a b", b';a="b', b";a=b\rc", b";a\n", b";a=\x00", b";\xe4", b";a=" + b"x" * 8000, b";a=b ",
    b' ;a="\xe4"',
)  # fmt: skip
TRAILERS = (
    b"X-T: 1\r\n", b"X-T: 1\r\nX-U:\r\n", b"Expect: 200-ok\r\n", b"Host: b\r\n",
    b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"X-T\r\n", b"X-T : 1\r\n",
    b"X-T: 1\r\n folded\r\n", b"X-T: 1\n", b"\n", b"X_T: 1\r\n", b"X-T: a\x00\r\n",
    b"X-T: " + b"x" * 8300 + b"\r\n", b"X-T: 1\r\n" * 101,
)  # fmt: skip
TARGETS = (
    b"/%2e%2e/a", b"//a/b", b"http://b/c?d", b"/a?b=c&d", b"/a#b", b"/%zz", b"/?stream",
    b"/a?stream", b"*", b"a:80", b"", b"/\xe4", b"/a b", b"http://[/", b"/a\x00", b"/a\tb",
    b"/" + b"x" * 4000, b"/" + b"x" * 4100, b"/" + b"x" * 9000, b"/a?" + b"y" * 4060, b"/healthz",
)  # fmt: skip
METHODS = (b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"M-SEARCH")
ODD_METHODS = (
    b"get", b"G", b"", b"CONNECT", b"GET/", b"G\xe4T", b"TRACE", b"X" * 21, b"GE#T",
    b"\x16\x03\x01",
)  # fmt: skip
VERSIONS = (
    b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.10", b"", b"http/1.1", b"HTTP/1.1 ",
    b"HTTP/ 1.1", b"HTTP/1.1\r", b"HTTP/1.\xb2",
)  # fmt: skip
BETWEEN = (b"\r\n", b"\r\n", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\r\n ", b"\x00")
BODIES = (
    b"", b"a", b"abc", b"\r\n", b"\n", b"0\r\n\r\n", b"GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n",
)  # fmt: skip


@dataclass(frozen=True)
class Message:
    """Bytes for one connection.

    `ends` says that the server closes the connection by itself: the last request is complete and
    has `Connection: close`, unless there is an error before. `special` is the index of a request
    that is too large, and its status: 431 for its head, 413 for its body.
    """

    data: bytes
    ends: bool = True
    special: tuple[int, int] | None = None


class Generator:
    """Generates a message from random numbers, the same from the same numbers."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.may_break = self.one_in(2)
        self.is_valid = True
        self.special: tuple[int, int] | None = None

    def one_in(self, number: int) -> bool:
        """Return True once in so many times on average."""
        return self.random.randrange(number) == 0

    def breaks_one_in(self, number: int) -> bool:
        """Return True once in so many times; then the message might be broken."""
        breaks = self.may_break and self.one_in(number)
        self.is_valid = self.is_valid and not breaks
        return breaks

    @property
    def may_be_large(self) -> bool:
        """Whether a request may be too large: only one, and none that might be broken."""
        return not self.may_break and self.special is None

    def message(self) -> Message:
        """Generate a message."""
        choose = self.random.choice
        count = (
            choose((1, 1, 1, 2, 2, 3, 4, 6, 10)) if not self.one_in(30) else choose((25, 49, 50))
        )
        self.rarity = 3 * count  # of anything odd in a request
        data = b""
        for index in range(count):
            if self.breaks_one_in(self.rarity):
                data += choose(BETWEEN)
            data += self.request(index)
        if self.special is None and self.one_in(8):
            self.is_valid = False
            data = data[: choose((self.random.randrange(len(data)), -1, -2, -3))]
        else:
            data += LAST
            if self.breaks_one_in(6):
                position = self.random.randrange(len(data))
                byte = choose((b"", b"\r", b"\n", b"\r\n", b"0", b" ", b":", b"\x00", b"\xff"))
                data = data[:position] + byte + data[position + self.random.randrange(3) :]
        return Message(data, self.is_valid, self.special)

    def request(self, index: int) -> bytes:
        """Generate a request."""
        choose = self.random.choice
        method = choose((b"GET", b"POST", b"POST", choose(METHODS)))
        target = b"/%d" % index
        version = b"HTTP/1.1"
        if self.breaks_one_in(2 * self.rarity):
            method = choose(ODD_METHODS)
        if self.breaks_one_in(self.rarity):
            target = choose(TARGETS)
        if self.one_in(self.rarity):
            version = b"HTTP/1.0"
        if self.breaks_one_in(self.rarity):
            version = choose(VERSIONS)
        framing, body = self.body(index)
        lines = framing + self.header_lines()
        self.random.shuffle(lines)
        head = b" ".join((method, target, version)) + b"\r\n"
        head += b"".join(line + b"\r\n" for line in lines) + b"\r\n"
        if self.may_be_large and self.one_in(4 * self.rarity):
            head = self.large_head(head, index)
        return head + body

    def header_lines(self) -> list[bytes]:
        """Generate headers that are not about the body."""
        choose = self.random.choice
        lines = [] if self.one_in(20) else [choose((b"Host: a", b"host:a", b"HOST:\ta \t"))]
        lines += [
            choose(NAMES) + b": " + choose(VALUES) for _ in range(choose((0, 0, 0, 1, 2, 5)))
        ]
        if self.one_in(self.rarity):
            lines.append(b"Connection: " + choose(CONNECTIONS))
        if self.one_in(self.rarity):
            lines.append(b"Expect: " + choose(EXPECTATIONS))
        if self.breaks_one_in(self.rarity):
            lines.append(choose(BAD_LINES))
        return lines

    def large_head(self, head: bytes, index: int) -> bytes:
        """Add lines to a head, up to its limit or over it."""
        size = MAX_HEAD_SIZE + self.random.choice((-1, 0, 1, 2, 5_000, 8_191, 8_192, 20_000))
        missing = size - len(head)
        lines = b""
        while missing > 8_100:
            lines += b"X-L: " + b"x" * 7_993 + b"\r\n"
            missing -= 8_000
        lines += b"X-L: " + b"x" * (missing - 7) + b"\r\n"
        if size > MAX_HEAD_SIZE:
            self.special = (index, 431)
        return head[:-2] + lines + b"\r\n"

    def body(self, index: int) -> tuple[list[bytes], bytes]:
        """Generate a body, and the header lines about it."""
        choose = self.random.choice
        if self.one_in(2):
            return [], b""
        if self.may_be_large and self.one_in(4 * self.rarity):
            return self.large_body(index)
        body = choose((*BODIES, self.random.randbytes(choose((3, 100, 1000)))))
        if self.one_in(2):
            return self.body_with_length(body)
        coding = choose(CODINGS) if self.breaks_one_in(self.rarity) else b"chunked"
        return [b"Transfer-Encoding: " + coding], self.chunked(body)

    def large_body(self, index: int) -> tuple[list[bytes], bytes]:
        """Generate a body up to its limit or over it, of which nothing may follow but the last."""
        size = MAX_BODY_SIZE + self.random.choice((-1, 0, 1, 2, 3000))
        if size > MAX_BODY_SIZE:
            self.special = (index, 413)
        if self.one_in(2):
            return [b"Content-Length: %d" % size], b"y" * size
        first = self.random.randrange(1, size)
        chunks = b"".join(b"%x\r\n%b\r\n" % (n, b"y" * n) for n in (first, size - first))
        return [b"Transfer-Encoding: chunked"], chunks + b"0\r\n\r\n"

    def body_with_length(self, body: bytes) -> tuple[list[bytes], bytes]:
        """Return the body with its length."""
        if self.breaks_one_in(self.rarity):
            value = self.random.choice(LENGTHS).format(n=len(body)).encode("latin-1")
        else:
            zeros = self.random.choice((0, 0, 0, 1, 2, 18, 19, 20, 25, 40, 300))
            value = b"0" * zeros + b"%d" % len(body)
        return [b"Content-Length: " + value], body

    def chunked(self, body: bytes) -> bytes:
        """Return the body in chunks."""
        choose, data = self.random.choice, b""
        while body:
            size = self.random.randrange(1, len(body) + 1)
            data += self.chunk(body[:size])
            body = body[size:]
        end = b"\r\n"
        if self.breaks_one_in(self.rarity):
            end = choose(TRAILERS) + b"\r\n"
        elif self.breaks_one_in(4 * self.rarity):
            end = choose((b"", b"\n", b"\r", b"x"))
        return data + choose((b"0", b"0", b"000")) + self.extension() + b"\r\n" + end

    def chunk(self, data: bytes) -> bytes:
        """Return a chunk."""
        choose = self.random.choice
        size = choose((b"%x", b"%X", b"%02x", b"%030x")) % len(data)
        if self.breaks_one_in(4 * self.rarity):
            size = choose(SIZES).format(n=len(data)).encode()
        line = size + self.extension()
        if self.breaks_one_in(40 * self.rarity):
            line += b";" + b"e" * (choose((8_100, 8_189, 8_190, 8_191, 9_000)) - len(line) - 1)
        ends = (b"\r\n", b"\r\n")
        if self.breaks_one_in(8 * self.rarity):
            ends = choose(
                ((b"\n", b"\r\n"), (b"\r\n", b"\n"), (b"\r\n", b""), (b"\r\n", b"x\r\n"))
            )
        return line + ends[0] + data + ends[1]

    def extension(self) -> bytes:
        """Return a chunk extension, or none."""
        return self.random.choice(EXTENSIONS) if self.breaks_one_in(4 * self.rarity) else b""


def generate(seed: str) -> Message:
    """Return the message of a seed."""
    return Generator(Random(seed)).message()
