"""Tests of the IP address whose failed logins to the admin are counted."""

from typing import Any

import pytest
from django.http import HttpRequest

from todo_project.logins.throttling import client_ip


def request_from(peer: str, forwarded: str | None = None) -> HttpRequest:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": peer}
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    return request


@pytest.mark.parametrize(
    ("proxies", "forwarded", "ip"),
    [
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "forged, 192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.9,192.0.2.1 ", "192.0.2.1"),
        (2, "192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "198.51.100.9, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (3, "198.51.100.9, 192.0.2.1, 10.0.0.1, 10.0.0.2", "192.0.2.1"),
        # A request that did not come through all proxies: the client may have sent the header.
        (2, "198.51.100.9", "127.0.0.1"),
        (3, "198.51.100.9, 198.51.100.8", "127.0.0.1"),
        (1, "unknown", "127.0.0.1"),
        (2, "198.51.100.9, unknown, 10.0.0.1", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, None, "127.0.0.1"),
    ],
)
def test_address_behind_proxies_is_what_the_first_proxy_appended(
    settings: Any, proxies: int, forwarded: str | None, ip: str
) -> None:
    settings.BEHIND_PROXY, settings.PROXIES = True, proxies
    assert client_ip(request_from("127.0.0.1", forwarded)) == ip


def test_header_is_ignored_without_proxy(settings: Any) -> None:
    settings.BEHIND_PROXY = False
    assert client_ip(request_from("127.0.0.1", "192.0.2.1")) == "127.0.0.1"


@pytest.mark.parametrize(
    ("entry", "ip"),
    [
        ("203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8:1:2::3]:51234", "2001:db8:1:2::"),
        ("[2001:db8:1:2::3]", "2001:db8:1:2::"),
        ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
        ("[fe80::1%eth0]:443", "fe80::"),
        ("2001:db8:1:2:3:4:5:6:51234", "2001:db8:1:2::"),
        ("unknown:51234", "127.0.0.1"),
        (":", "127.0.0.1"),
        ("[]:51234", "127.0.0.1"),
    ],
)
def test_entry_may_have_brackets_and_a_port(settings: Any, entry: str, ip: str) -> None:
    settings.BEHIND_PROXY = True
    assert client_ip(request_from("127.0.0.1", f"198.51.100.9, {entry}")) == ip


@pytest.mark.parametrize(
    ("address", "ip"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:DB8:1:3::", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:0201", "192.0.2.1"),
    ],
)
@pytest.mark.parametrize("behind_proxy", [False, True])
def test_ipv6_address_is_its_subnet_and_a_mapped_one_is_ipv4(
    settings: Any, address: str, ip: str, *, behind_proxy: bool
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    peer, forwarded = ("127.0.0.1", address) if behind_proxy else (address, None)
    assert client_ip(request_from(peer, forwarded)) == ip


def test_unix_socket_has_no_address() -> None:
    assert client_ip(request_from("")) is None
