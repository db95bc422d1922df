"""What the audit trail calls an operator's request: which requests leave an entry, and what of them is told."""

from typing import Any

from lido.call import Call
from lido.flows.audit import Deed

_READS = ("Get", "List", "Describe", "Lookup")
_TELLS_SECRETS = frozenset(
    {
        "DescribeUserPoolClient",
        "GetDerivedToken",
        "DescribeIdentityProvider",
        "GetIdentityProviderByIdentifier",
        "GetOpenIdTokenForDeveloperIdentity",
    }
)
# Also through an operator's door they are the user's own doing, and told by the user's events.
_ACTS_OF_USERS = frozenset({"AdminInitiateAuth", "AdminRespondToAuthChallenge"})
# Members that name things. Everything else of a request may be personal or secret.
_NAMING = ("ClientId", "ClientSecretId", "DeviceKey", "Domain", "GroupName", "Identifier", "JobId", "PoolName")
_NAMING_TOO = ("EventId", "ManagedLoginBrandingId", "ProviderName", "ResourceArn", "SessionId", "TermsId", "TermsName")
_LONGEST = 256


def leaves_an_entry(name: str) -> bool:
    """Whether the operation, when it is allowed, stands in the trail: it changes something, or tells a secret."""
    reads = name.removeprefix("Admin").startswith(_READS)
    return name in _TELLS_SECRETS or not (reads or name in _ACTS_OF_USERS)


def deed(call: Call, name: str, resource: str, document: dict[str, Any]) -> Deed:
    """The request as the trail tells it. `resource` is the ARN that it is about, or `*`."""
    return Deed(
        actor=call.caller.arn if call.caller else "",
        operation=name,
        pool_id=_text(resource.rpartition("/")[2]) if "/" in resource else "",
        username=_text(document.get("Username")),
        named={member: text for member in (*_NAMING, *_NAMING_TOO) if (text := _text(document.get(member)))},
    )


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) and value.isprintable() else ""
