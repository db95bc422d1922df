"""Certificates: added by operators, named by ARN in a domain's CustomDomainConfig, shown at the hosts they name."""

from typing import Literal, NamedTuple

import structlog

from lido import errors
from lido.call import Call
from lido.rules import certificates as rules
from lido.rules.domains import NO_CERTIFICATE
from lido.rules.sealing import Unsealable
from lido.storage import certificates, domains
from lido.storage.certificates import Certificate as Certificate
from lido.storage.database import Transaction

PURPOSE = "certificate"
_log = structlog.get_logger("lido.certificates")


class Shown(NamedTuple):
    """A certificate as it is shown to clients; chain and key in PEM."""

    names: list[str]
    chain: str
    key: str

    def __repr__(self) -> str:
        return f"<Shown {', '.join(self.names)}>"


def arn(call: Call, certificate_id: str) -> str:
    """How CustomDomainConfig names it; Cognito wants certificates of us-east-1 wherever the pool is."""
    return f"{_arns(call)}{certificate_id}"


def add(call: Call, chain: bytes, key: bytes, source: Literal["added", "acme"] = "added") -> Certificate:
    """Keep a certificate; servers show it within seconds. Raises ValueError with a sentence."""
    examined = rules.examine(chain, key, call.now)
    certificate_id = call.entropy.uuid()
    certificate = Certificate(
        certificate_id,
        examined.names,
        examined.chain,
        call.keys.seal(PURPOSE, examined.key.encode(), certificate_id),
        source,
        examined.not_after,
        call.now,
    )
    with call.db.write() as tx:
        certificates.add(tx, certificate)
    return certificate


def renew(call: Call, host: str, chain: bytes, key: bytes) -> None:
    """Keep a certificate that was obtained for a host in the place of earlier ones. Raises ValueError."""
    earlier = [each.id for each in every(call) if each.source == "acme" and each.names == [host]]
    add(call, chain, key, "acme")
    with call.db.write() as tx:
        for certificate_id in earlier:
            if not domains.naming(tx, arn(call, certificate_id)):
                certificates.remove(tx, certificate_id)


def every(call: Call) -> list[Certificate]:
    """All of them, the oldest first."""
    with call.db.read() as tx:
        return certificates.every(tx)


def remove(call: Call, name: str) -> None:
    """Forget a certificate, by its ARN or its id. Raises ResourceNotFound; InvalidParameter while a domain names it."""
    certificate_id = name.removeprefix(_arns(call))
    with call.db.write() as tx:
        using = domains.naming(tx, arn(call, certificate_id))
        if using:
            raise errors.InvalidParameter(f"The certificate is that of {', '.join(using)}.")
        if not certificates.remove(tx, certificate_id):
            raise errors.ResourceNotFound(f"There is no certificate {name}.")


def check_for(call: Call, tx: Transaction, certificate_arn: str, domain: str) -> None:
    """Refuse a certificate of ours that is not one for the domain. Another's ARN says that a proxy ends TLS.

    Raises InvalidParameter.
    """
    ours = certificates.find(tx, certificate_arn.removeprefix(_arns(call)))
    if ours is not None and (ours.not_after <= call.now or not rules.covers(ours.names, domain)):
        raise errors.InvalidParameter(NO_CERTIFICATE)


def shown(call: Call, before: list[str] | None) -> tuple[list[str], list[Shown]] | None:
    """Every certificate that is valid still, the newest last, and the ids of all; None where those are as `before`."""
    with call.db.read() as tx:
        ids = certificates.ids(tx)
        if ids == before:
            return None
        found = [each for each in certificates.every(tx) if each.not_after > call.now]
    opened = []
    for each in found:
        try:
            key = call.keys.open(PURPOSE, each.private_key, each.id).decode()
        except Unsealable:
            _log.error("cannot be opened", certificate=each.id, names=each.names)
        else:
            opened.append(Shown(each.names, each.chain, key))
    return ids, opened


def _arns(call: Call) -> str:
    return f"arn:aws:acm:us-east-1:{call.house.account_id}:certificate/"
