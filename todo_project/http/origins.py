"""Hosts and origins as browsers write them: lower case, ASCII, and no default port.

They compare and send them in no other form (RFC 6454 §6.2, https://url.spec.whatwg.org/#hosts).
"""

import re
from ipaddress import IPv4Address, IPv6Address
from unicodedata import normalize

DEFAULT_PORTS = {"http": "80", "https": "443"}

OPAQUE_ORIGINS = ("null", "file://")
"""What a sandboxed page sends, and a file in the WebViews of some applications."""

ORIGIN = re.compile(r"(?i)([a-z][a-z0-9+.-]*)://(\[[^]]*\]|[^][:/?#@]+)(?::0*([0-9]{1,5}))?")
PATTERN = re.compile(r"[^.*]*\*[^.*]*(\.[^.*]+){2,}")
"""The host of a pattern of origins: one `*` in the first of at least three labels."""


def normalize_host(host: str, permitted: str = "") -> str:
    """Return the name or address; raise ValueError if it is none.

    `permitted` are more characters for its labels. Python's codec implements IDNA 2003, and
    browsers UTS #46. Where these differ, as for `ß`, the label cannot be converted back.
    """
    if address := re.fullmatch(r"\[([0-9A-Fa-f:.]+)\]", host):
        return f"[{IPv6Address(address[1])}]"
    labels = normalize("NFC", host).lower().split(".")
    name = ".".join(each if each.isascii() else _a_label(each) for each in labels)
    label = f"[a-z0-9{permitted}-]{{1,63}}"
    if len(name) > 253 or not re.fullmatch(rf"{label}(\.{label})*", name):  # noqa: PLR2004
        raise ValueError(host)
    return str(IPv4Address(name)) if labels[-1].isdecimal() else name


def _a_label(label: str) -> str:
    encoded = label.encode("idna").decode()
    if "*" in label or encoded.encode().decode("idna") != label:
        raise ValueError(label)
    return encoded


def normalize_origin(origin: str) -> str:
    """Return the origin, or the pattern of origins; raise ValueError if it is none."""
    if origin in OPAQUE_ORIGINS:
        return origin
    parts = ORIGIN.fullmatch(origin)
    if not parts or int(parts[3] or 0) > 65535:  # noqa: PLR2004
        raise ValueError(origin)
    scheme, host, port = parts[1].lower(), normalize_host(parts[2], "_*"), parts[3]
    if "*" in host and not PATTERN.fullmatch(host):
        raise ValueError(origin)
    return f"{scheme}://{host}" + f":{port}" * (port not in {None, DEFAULT_PORTS.get(scheme)})


def compile_pattern(pattern: str) -> re.Pattern[str]:
    r"""Return the expression for a pattern, in which `*` means letters, digits and hyphens.

    django-cors-headers anchors it at the start only, and `$` would permit a line feed.
    """
    return re.compile(re.escape(pattern).replace(r"\*", "[a-z0-9-]+") + r"\Z")
