"""Certificates: a local authority for development, or files of one's own."""

import http.client
import re
import ssl
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click import ClickException
from cryptography import x509
from tests.fakes import BEGINNING
from tests.server import Server

from lido.cli import tls
from lido.ports import local_authority
from lido.ports.clock import SystemClock
from lido.settings import load

DAY = 86_400_000


def status(host, port, path, authority):
    context = ssl.create_default_context(cafile=authority)
    with closing(http.client.HTTPSConnection(host, port, context=context)) as client:
        client.request("GET", path)
        return client.getresponse().status


def names(chain):
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    return [
        str(name.value) for name in certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    ]


def test_the_certificate_serves_this_machine_and_the_public_host(tmp_path):
    chain, _ = local_authority.provide(tmp_path, "lido.example.test", BEGINNING)

    assert names(chain) == ["localhost", "*.auth.localhost", "127.0.0.1", "::1", "lido.example.test"]


def test_the_certificate_serves_prefix_domains_under_the_suffix_that_is_set(tmp_path):
    given = {"data_dir": str(tmp_path), "tls_dev": True, "public_url": "https://id.example.test"}
    tls.with_certificate(load(given, {}), BEGINNING, lambda _: None)

    said = tls.with_certificate(load({**given, "domain_suffix": "pools.example.test"}, {}), BEGINNING, lambda _: None)

    assert names(Path(said.tls_cert))[-2:] == ["id.example.test", "*.pools.example.test"]


def test_its_keys_are_for_the_owner_alone(tmp_path):
    local_authority.provide(tmp_path, "localhost", BEGINNING)

    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ca.key", "server.key")} == {0o600}


def test_it_is_made_once(tmp_path):
    chain, key = local_authority.provide(tmp_path, "localhost", BEGINNING)
    before = chain.read_bytes(), key.read_bytes(), (tmp_path / "ca.pem").read_bytes()

    local_authority.provide(tmp_path, "localhost", BEGINNING + DAY)

    assert (chain.read_bytes(), key.read_bytes(), (tmp_path / "ca.pem").read_bytes()) == before


@pytest.mark.parametrize(
    "host, later_days",
    [("localhost", 380), ("another.test", 1)],
    ids=["near its end", "for another host"],
)
def test_it_is_renewed_under_the_same_authority(tmp_path, host, later_days):
    chain, _ = local_authority.provide(tmp_path, "localhost", BEGINNING)
    before, authority = chain.read_bytes(), (tmp_path / "ca.pem").read_bytes()

    local_authority.provide(tmp_path, host, BEGINNING + later_days * DAY)

    assert chain.read_bytes() != before
    assert (tmp_path / "ca.pem").read_bytes() == authority
    x509.load_pem_x509_certificate(chain.read_bytes()).verify_directly_issued_by(
        x509.load_pem_x509_certificate(authority)
    )


def test_a_new_authority_signs_anew(tmp_path):
    chain, _ = local_authority.provide(tmp_path, "localhost", BEGINNING)
    (tmp_path / "ca.key").unlink()

    local_authority.provide(tmp_path, "localhost", BEGINNING)

    x509.load_pem_x509_certificate(chain.read_bytes()).verify_directly_issued_by(
        x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    )


def test_no_certificate_outlives_what_clients_accept(tmp_path):
    chain, _ = local_authority.provide(tmp_path, "localhost", BEGINNING)
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())

    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=398)
    assert certificate.not_valid_before_utc < datetime.fromtimestamp(BEGINNING / 1000, UTC)


def test_files_that_do_not_fit_are_told_in_a_sentence(tmp_path):
    chain, _ = local_authority.provide(tmp_path / "one", "localhost", BEGINNING)
    _, key = local_authority.provide(tmp_path / "two", "localhost", BEGINNING)
    settings = load({"tls_cert": str(chain), "tls_key": str(key)}, {})

    with pytest.raises(ClickException, match=r"cannot be used: .*mismatch"):
        tls.with_certificate(settings, BEGINNING, print)


@pytest.mark.slow
def test_clients_that_trust_the_authority_reach_the_server(tmp_path, run):
    with Server(tmp_path / "data", f"sqlite:///{tmp_path}/lido.db", "--tls-dev") as server:
        authority = re.search(r"NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE=(\S+)", server.said())[1]
        assert [status(host, server.port, "/readyz", authority) for host in ("localhost", "127.0.0.1")] == [200, 200]
        called = run(
            *("call", "--endpoint", server.url, "--data-dir", server.data_dir, "ListUserPools", '{"MaxResults": 1}')
        )

    assert (called.returncode, called.stderr) == (0, "")


@pytest.mark.slow
def test_a_certificate_of_ones_own_is_served(tmp_path):
    chain, key = local_authority.provide(tmp_path / "own", "localhost", SystemClock().now())
    options = ("--tls-cert", str(chain), "--tls-key", str(key))
    server = Server(tmp_path / "data", f"sqlite:///{tmp_path}/lido.db", *options)
    server._scheme = "https"
    with server:
        assert status("localhost", server.port, "/healthz", tmp_path / "own" / "ca.pem") == 200
