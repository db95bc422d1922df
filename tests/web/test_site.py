"""How a request leads to a pool: by its path anywhere, by its host at a pool's domain, and never to another pool."""

import pytest
from tests.world import World, sign_by

from lido.storage import domains, pools
from lido.storage.domains import Domain, DomainSettings
from lido.web.connection import address_of, came_by_https, host_of

PROXY = {"trusted_proxies": "203.0.113.7/32"}


def own(house, pool_id, *names):
    """Give a pool domains."""
    with house.database.write() as tx:
        for name in names:
            domains.add(tx, Domain(name, pool_id, "." in name, DomainSettings(), 0, 0))
        pools.touch(tx, pool_id)


def page(house, host, path="/confirmUser", **headers):
    """The status and the address that the form of the page posts to."""
    query = "client_id=c&user_name=u&confirmation_code=x"
    status, _, body = house.http("GET", f"http://lido.test{path}?{query}", {"host": host, **headers})
    return status, body.decode().partition('action="')[2].partition('"')[0]


@pytest.fixture
def pool(house):
    pool_id = house.pool()
    own(house, pool_id, "acme", "login.example.com")
    return pool_id


@pytest.mark.parametrize("host", ["localhost:9229", "127.0.0.1", "[::1]:9229", "evil.example", ""])
def test_every_pool_is_reached_by_its_path_under_any_host(house, pool, host):
    assert page(house, host, f"/{pool}/confirmUser") == (200, f"/{pool}/confirmUser")


@pytest.mark.parametrize(
    "host",
    [
        "acme.auth.localhost",
        "acme.auth.localhost:9229",
        "ACME.Auth.LocalHost:1",
        "acme.auth.localhost.",
        "login.example.com",
        "Login.Example.com.:8443",
    ],
)
def test_a_domain_leads_to_its_pool_however_it_is_written(house, pool, host):
    assert page(house, host) == (200, "/confirmUser")
    assert page(house, host, "/confirmUser/") == (200, "/confirmUser")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost:9229",
        "evil.example",
        "acme",
        "login",
        "auth.localhost",
        "other.auth.localhost",
        "a.acme.auth.localhost",
        "acme.auth.localhost.evil.example",
        "login.example.com..",
        "login.example.com@evil.example",
        "evil.example/login.example.com",
        "login.example.com:80:80",
        "login.example.com:x",
        "login.example.com evil.example",
        "login.example.com,evil.example",
        "lo\u0131gin.example.com".encode(),
        "\uff4cogin.example.com".encode(),
        "[login.example.com]",
        "login%2eexample.com",
        "a" * 300 + ".example.com",
    ],
)
def test_no_other_host_leads_to_a_pool(house, pool, host):
    assert page(house, host)[0] == 404


def test_at_a_domain_no_path_leads_to_another_pool(house, pool):
    """Or anybody's sign-in page would appear under somebody else's name."""
    other = house.pool()
    assert page(house, "login.example.com", f"/{pool}/confirmUser")[0] == 200
    assert page(house, "login.example.com", f"/{other}/confirmUser")[0] == 404
    assert page(house, "acme.auth.localhost", f"/{other}/confirmUser")[0] == 404


def test_the_domain_of_a_deleted_pool_leads_nowhere(house, pool):
    with house.database.write() as tx:
        pools.mark_deleted(tx, pool, 1)
    assert page(house, "login.example.com")[0] == 404


def test_the_installation_s_own_name_is_nobody_s_domain(database):
    house = World(database, public_url="https://id.example.com")
    sign_by(house.clock)
    mine, other = house.pool(), house.pool()
    own(house, mine, "id.example.com")
    assert page(house, "id.example.com")[0] == 404
    assert page(house, "id.example.com", f"/{other}/confirmUser")[0] == 200
    house.close()


def test_strangers_do_not_say_which_host_was_asked_for(house, pool):
    assert page(house, "evil.example", **{"x-forwarded-host": "login.example.com"})[0] == 404
    assert page(house, "login.example.com", **{"x-forwarded-host": "evil.example"})[0] == 200


def test_a_configured_proxy_says_which_host_was_asked_for(database):
    house = World(database, **PROXY)
    sign_by(house.clock)
    own(house, house.pool(), "login.example.com")
    assert page(house, "10.0.0.5:9229", **{"x-forwarded-host": "login.example.com"})[0] == 200
    assert page(house, "10.0.0.5:9229", **{"x-forwarded-host": "evil.example, login.example.com"})[0] == 200
    assert page(house, "login.example.com", **{"x-forwarded-host": "evil.example"})[0] == 404
    house.close()


@pytest.mark.parametrize(
    ("public_url", "host", "told"),
    [
        ("https://id.example.com", "id.example.com", "max-age=31536000"),
        ("https://id.example.com", "login.example.com", "max-age=31536000"),
        ("http://id.example.com", "id.example.com", None),
        ("https://localhost:9229", "localhost:9229", None),
        ("https://localhost:9229", "acme.auth.localhost:9229", None),
    ],
)
def test_browsers_are_told_to_come_by_https_alone(database, public_url, host, told):
    house = World(database, public_url=public_url)
    sign_by(house.clock)
    pool_id = house.pool()
    own(house, pool_id, "acme", "login.example.com")
    path = "" if host in ("login.example.com", "acme.auth.localhost:9229") else f"/{pool_id}"
    for page in ("/login", "/oauth2/userInfo"):
        _, headers, _ = house.http("GET", f"http://lido.test{path}{page}", {"host": host})
        assert headers.get("strict-transport-security") == told
    house.close()


@pytest.mark.parametrize(
    ("public_url", "forwarded", "base"),
    [
        ("http://localhost:9229", "", "http://login.example.com:9229"),
        ("http://localhost:9229", "https", "https://login.example.com"),
        ("https://id.example.com", "", "https://login.example.com"),
        ("https://id.example.com", "http", "https://login.example.com"),
        ("https://id.example.com:8443/lido", "https", "https://login.example.com:8443"),
    ],
)
def test_the_address_of_a_domain_is_made_from_the_settings(public_url, forwarded, base):
    from lido.rules.domains import address

    scope = {
        "client": ("203.0.113.7", 1),
        "headers": [(b"host", b"login.example.com:6666"), (b"x-forwarded-proto", forwarded.encode())],
    }
    https = came_by_https(scope, ("203.0.113.7/32",))
    assert address(public_url, "login.example.com", https=https) == base
    assert not came_by_https(scope, ("198.51.100.0/24",))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("::ffff:203.0.113.7", None, "203.0.113.7"),
        ("2001:db8::7", None, "2001:db8::7"),
        ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7, ::ffff:10.0.0.2", "203.0.113.7"),
        ("", None, ""),
    ],
)
def test_an_address_of_ipv4_is_one_whatever_socket_it_came_to(peer, forwarded, address):
    """On a socket of both families all of IPv4 would else share one network's budgets, and no proxy would be known."""
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []

    assert address_of({"client": (peer, 1), "headers": headers}, ("10.0.0.0/8",)) == address


def test_two_hosts_are_no_host():
    assert host_of({"headers": [(b"host", b"a.example"), (b"host", b"b.example")]}, ()) == ""


def test_no_redirect_repeats_the_host_of_a_request(house, pool):
    for path in (f"/{pool}/confirmUser/x/", "/readyz/", f"/{pool}/.well-known/jwks.json/"):
        status, headers, _ = house.http("GET", f"http://lido.test{path}", {"host": "evil.example"})
        assert (status, headers.get("location")) == (404, None)


def test_a_body_that_is_too_long_is_refused_before_it_is_looked_at(house, pool):
    assert house.http("POST", f"http://lido.test/{pool}/confirmUser", {}, b"x" * 65_537)[0] == 413


def test_without_a_suffix_prefixes_are_no_hosts(database):
    house = World(database, public_url="https://id.example.com")
    sign_by(house.clock)
    own(house, house.pool(), "acme")
    assert page(house, "acme.auth.localhost")[0] == 404
    house.close()
