"""Certificates from an ACME directory: for each host that lacks one, in time, once, and not by hammering."""

import pytest
from tests.acme_directory import Directory
from tests.authority import Authority
from tests.world import World, sign_by

from lido import errors
from lido.flows import acme_worker, certificates
from lido.flows.acme_worker import ACMEWorker
from lido.ports import acme
from lido.ports.acme import NotIssued
from lido.ports.clock import SystemClock

DAY = 86_400
PROXY = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/by-proxy"}


class QuickAuthority:
    """The port without a directory behind it: looks at the host once and signs. `hosts` were asked for."""

    def __init__(self, house):
        self.signer, self.fetch, self.hosts = Authority(house.clock.now()), fetching(house), []

    def obtain(self, host, *, account_seed, key_seed, publish):
        self.hosts.append(host)
        token = f"token-{len(self.hosts)}"
        publish(token, f"{token}.{account_seed.hex()}")
        if self.fetch(host, f"/.well-known/acme-challenge/{token}") != (200, f"{token}.{account_seed.hex()}".encode()):
            raise NotIssued("wrong answer")
        return acme.Issued(*self.signer.issue(host))


def fetching(house):
    def fetch(host, path):
        status, _, body = house.http("GET", f"http://{host}{path}")
        return status, body

    return fetch


@pytest.fixture
def authority(house):
    return QuickAuthority(house)


def worker(house, authority, **more):
    return ACMEWorker(house.call, authority, **more)


def domain(house, name="login.example.com"):
    pool_id = house.pool()
    house.idp.create_user_pool_domain(Domain=name, UserPoolId=pool_id, CustomDomainConfig=PROXY)
    return {"Domain": name, "UserPoolId": pool_id}


def held(house):
    return [(each.names, each.source) for each in certificates.every(house.call())]


def test_a_new_custom_domain_has_a_certificate_at_the_next_look(house, authority):
    at_work = worker(house, authority)
    assert at_work.run_due() == 0
    domain(house)
    assert at_work.run_due() == 0
    house.clock.advance(seconds=5)
    assert at_work.run_due() == 1
    assert held(house) == [(["login.example.com"], "acme")]
    _, (shown,) = certificates.shown(house.call(), None)
    assert shown.names == ["login.example.com"]
    house.clock.advance(seconds=5)
    assert at_work.run_due() == 0
    assert len(authority.hosts) == 1


def test_a_directory_gives_certificates_to_one_account_under_keys_of_their_own(house):
    pytest.importorskip("acme")
    with Directory(Authority(house.clock.now()), fetching(house)) as directory:
        port = acme.Directory(SystemClock(), directory.url, contact="ops@example.com", ca_file=None)
        domain(house)
        assert worker(house, port).run_due() == 1
        domain(house, "login.example.net")
        assert worker(house, port).run_due() == 1
        domain(house, "not-ours.example.net")
        directory.fetch = lambda host, path: (200, b"somebody else")
        assert worker(house, port).run_due() == 0
    (account,) = directory.accounts.values()
    assert account["contact"] == ["mailto:ops@example.com"]
    one, other = sorted(certificates.shown(house.call(), None)[1])
    assert (one.names, other.names) == (["login.example.com"], ["login.example.net"])
    assert one.key != other.key


def test_a_directory_that_is_away_gives_none():
    pytest.importorskip("acme")
    port = acme.Directory(SystemClock(), "http://127.0.0.1:9/dir", contact=None, ca_file=None)
    with pytest.raises(NotIssued):
        port.obtain("a.example.com", account_seed=bytes(48), key_seed=bytes(48), publish=lambda *_: None)


def test_it_is_renewed_with_a_third_of_its_life_left(house, authority):
    domain(house)
    at_work = worker(house, authority)
    at_work.run_due()
    house.clock.advance(seconds=59 * DAY)
    assert at_work.run_due() == 0
    house.clock.advance(seconds=2 * DAY)
    authority.signer = Authority(house.clock.now())
    before = certificates.every(house.call())
    assert at_work.run_due() == 1
    assert held(house) == [(["login.example.com"], "acme")]
    assert certificates.every(house.call()) != before


def test_whoever_has_a_certificate_gets_no_other(house, authority):
    certificates.add(house.call(), *authority.signer.issue("*.example.com", days=10))
    domain(house)
    at_work = worker(house, authority)
    house.clock.advance(seconds=9 * DAY)
    assert at_work.run_due() == 0
    house.clock.advance(seconds=2 * DAY)
    authority.signer = Authority(house.clock.now())
    assert at_work.run_due() == 1


def test_the_installation_s_own_name_gets_one_where_it_wants_one(house, authority):
    assert worker(house, authority, own_host="id.example.com").run_due() == 1
    assert held(house) == [(["id.example.com"], "acme")]


def test_prefix_domains_get_one_where_clients_are_led_to_them(database):
    house = World(database, public_url="https://id.example.com", domain_suffix="pools.example.com")
    sign_by(house.clock)
    house.idp.create_user_pool_domain(Domain="acme", UserPoolId=house.pool())
    assert worker(house, QuickAuthority(house)).run_due() == 1
    assert held(house) == [(["acme.pools.example.com"], "acme")]
    house.close()


def test_a_host_that_is_not_ours_gets_none_and_is_asked_for_ever_less_often(house, authority):
    domain(house)
    authority.fetch = lambda host, path: (200, b"somebody else")
    at_work = worker(house, authority)
    for pause in (300, 600, 1200):
        assert at_work.run_due() == 0
        house.clock.advance(seconds=pause - 10)
        assert at_work.run_due() == 0
        house.clock.advance(seconds=10)
    assert len(authority.hosts) == 3
    assert held(house) == []


def test_two_nodes_do_not_ask_for_the_same(house, authority):
    domain(house)
    one, other = worker(house, authority), worker(house, authority)
    looked = []

    def fetch(host, path):
        looked.append(other.run_due())
        status, _, body = house.http("GET", f"http://{host}{path}")
        return status, body

    authority.fetch = fetch
    assert one.run_due() == 1
    assert (looked, len(authority.hosts)) == ([0], 1)


def test_what_is_no_certificate_for_us_is_not_kept(house):
    class Fraud:
        def obtain(self, host, **_):
            return acme.Issued(b"nonsense", b"nonsense")

    domain(house)
    assert ACMEWorker(house.call, Fraud()).run_due() == 0
    assert held(house) == []


def test_a_challenge_is_answered_under_any_host_until_it_is_over(house):
    from lido.storage import acme as stored

    with house.database.write() as tx:
        stored.publish(tx, "token", "token.answer", now=house.clock.now(), expires_at=house.clock.now() + 1000)
    path = "/.well-known/acme-challenge/token"
    status, headers, body = house.http("GET", f"http://anything.example{path}")
    assert (status, body, headers["content-type"]) == (200, b"token.answer", "text/plain; charset=utf-8")
    for other in (
        "/.well-known/acme-challenge/tokem",
        "/.well-known/acme-challenge/%00",
        "/.well-known/acme-challenge/",
    ):
        assert house.http("GET", f"http://anything.example{other}")[0] == 404
    assert acme_worker.answer(house.call(), "a\0b") is None
    house.clock.advance(seconds=1)
    assert house.http("GET", f"http://anything.example{path}")[0] == 404


def test_an_issued_certificate_s_repr_tells_no_key():
    assert repr(acme.Issued(b"chain", b"key")) == "<Issued>"
    assert issubclass(NotIssued, Exception)
    assert not issubclass(NotIssued, errors.Fault)
