"""Every kind of resource by its type, and those that wait for operations of a later release."""

from lido.stacks import TemplateError
from lido.stacks.door import Door
from lido.stacks.kinds import Kind
from lido.stacks.kinds.attachments import LogDelivery, RiskConfiguration, UICustomization
from lido.stacks.kinds.clients import UserPoolClient
from lido.stacks.kinds.domains import UserPoolDomain
from lido.stacks.kinds.of_pools import Group, IdentityProvider, ResourceServer
from lido.stacks.kinds.pages import ManagedLoginBranding, Terms
from lido.stacks.kinds.user_pool import UserPool
from lido.stacks.kinds.users import UserPoolUser, UserPoolUserToGroupAttachment

KINDS: dict[str, Kind] = {
    kind.type: kind
    for kind in (
        UserPool(),
        ResourceServer(),
        IdentityProvider(),
        UserPoolDomain(),
        UserPoolClient(),
        Group(),
        UserPoolUser(),
        UserPoolUserToGroupAttachment(),
        UICustomization(),
        RiskConfiguration(),
        LogDelivery(),
        ManagedLoginBranding(),
        Terms(),
    )
}
RANKS = {type_: kind.rank for type_, kind in KINDS.items()}
_LATER = {
    "AWS::Cognito::IdentityPool": "identity pools do not exist yet",
    "AWS::Cognito::IdentityPoolRoleAttachment": "identity pools do not exist yet",
    "AWS::Cognito::IdentityPoolPrincipalTag": "identity pools do not exist yet",
    "AWS::Cognito::UserPoolReplica": "a replica of a pool is another installation",
    "AWS::Cognito::UserPoolRegionalConfigurationAttachment": "a replica of a pool is another installation",
}


def kind_of(door: Door, name: str, type_: str) -> Kind:
    """The kind of a resource. Raises TemplateError for a type that is unknown, or whose operations are not built."""
    kind = KINDS.get(type_)
    if kind is None:
        raise TemplateError(f"{name} cannot be made: {_LATER.get(type_, 'there is no such type')} ({type_}).")
    missing = kind.missing(door)
    if missing:
        raise TemplateError(f"{name} cannot be made: {type_} needs {missing}, which is not built yet.")
    return kind
