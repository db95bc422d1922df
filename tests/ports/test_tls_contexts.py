from types import SimpleNamespace

import pytest
from tests.authority import Authority
from tests.fakes import BEGINNING

from lido.ports.entropy import SystemEntropy
from lido.ports.tls_contexts import Contexts


@pytest.fixture(scope="module")
def authority():
    return Authority(BEGINNING)


def entry(authority, *names):
    chain, key = authority.issue(*names)
    return list(names), chain.decode(), key.decode()


def chosen(contexts, host):
    """Which context a connection that asks for the host gets; None for the default."""
    connection = SimpleNamespace(context=None)
    contexts.choose(connection, host, None)
    return connection.context


def test_a_host_gets_the_certificate_that_names_it_and_the_last_one_of_several(authority):
    contexts = Contexts(SystemEntropy())
    contexts.replace([entry(authority, "a.example.com"), entry(authority, "*.example.com")])
    own, other = chosen(contexts, "a.example.com"), chosen(contexts, "b.example.com")
    assert own is not None
    assert other is not None
    assert own is not other
    assert chosen(contexts, "A.Example.com.") is own
    contexts.replace([entry(authority, "a.example.com"), entry(authority, "a.example.com")])
    assert chosen(contexts, "a.example.com") not in (own, None)
    assert chosen(contexts, "b.example.com") is None


@pytest.mark.parametrize("host", [None, "", ".", "com", "x.a.example.com", "example.com", "a.example.com.evil.example"])
def test_other_hosts_get_the_default(authority, host):
    contexts = Contexts(SystemEntropy())
    contexts.replace([entry(authority, "a.example.com", "*.example.net")])
    assert chosen(contexts, host) is None


def test_one_that_openssl_refuses_does_not_keep_the_others_away(authority):
    contexts = Contexts(SystemEntropy())
    names, chain, _ = entry(authority, "a.example.com")
    other_key = entry(authority, "c.example.com")[2]
    assert contexts.replace([(names, chain, other_key), entry(authority, "b.example.com")]) == ["a.example.com"]
    assert chosen(contexts, "a.example.com") is None
    assert chosen(contexts, "b.example.com") is not None
