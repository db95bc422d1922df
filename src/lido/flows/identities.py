"""Accounts at identity providers and the users that they are: linking one to a user, and taking the way in away."""

from msgspec import Struct

from lido import errors
from lido.call import Call
from lido.flows import access, identity_providers, logout_notices
from lido.flows.codes import RESET
from lido.flows.events import Fact, tell
from lido.records import Factor, Pool, Status, User
from lido.rules import identities
from lido.rules.identities import Identity
from lido.rules.identity_providers import SUBJECT, may_link_by
from lido.rules.profile import search_keys, with_attributes
from lido.storage import codes, linked_identities, passwords, users
from lido.storage import identity_providers as stored_providers
from lido.storage.database import Transaction
from lido.storage.linked_identities import LinkedIdentity

MOST_LINKS = 5
MOST_ATTRIBUTES = 5
"""Names of attributes by which accounts of one provider may be linked."""

_LOCAL = "cognito"
_LONGEST_SUBJECT_BYTES = 1024
_MERGING = "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"
_LINKED = "SourceUser is already linked to DestinationUser"
_NATIVE_SOURCE = (
    "Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, "
    "only as a DestinationUser"
)


class Account(Struct, frozen=True):
    """Somebody as a provider knows them: `value` of `attribute`; the pool's own users are at the provider Cognito."""

    provider: str
    attribute: str
    value: str

    @property
    def is_local(self) -> bool:
        """Whether it is a user of the pool, by name."""
        return self.provider.lower() == _LOCAL


def link(call: Call, pool_id: str, destination: Account, source: Account) -> None:
    """Whoever signs in with the account `source` is the user `destination` from now on (AdminLinkProviderForUser).

    Raises ResourceNotFound, UserNotFound, InvalidParameter, LimitExceeded.
    """
    if source.is_local:
        raise errors.InvalidParameter(_NATIVE_SOURCE)
    _check_value(source, "SourceUser")
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, pool_id)
        provider = identity_providers.require(tx, pool, source.provider)
        if not may_link_by(provider.kind, source.attribute, provider.settings.attribute_mapping):
            raise errors.InvalidParameter(
                f"Invalid SourceUser: ProviderAttributeName must be {SUBJECT}, or an attribute that the provider maps"
            )
        user = users.find_locked(tx, pool_id, _destination(tx, pool, destination).sub)
        if user is None:
            raise errors.UserNotFound
        _refuse_signed_up(tx, pool, source)
        _refuse_too_many(tx, pool, source, user)
        linked = LinkedIdentity(
            pool_id=pool_id,
            provider=source.provider,
            attribute=source.attribute,
            subject=source.value,
            sub=user.sub,
            kind=provider.kind,
            issuer=provider.settings.issuer,
            is_primary=False,
            linked_at=call.now,
        )
        if not linked_identities.add(tx, linked):
            raise errors.InvalidParameter(_LINKED)
        _show(call, tx, pool, user)
        fact = Fact(operation="AdminLinkProviderForUser", names=[source.provider])
        tell(call, tx, pool_id, "identity_linked", user.sub, fact)


def disable(call: Call, pool_id: str, account: Account) -> None:
    """The account leads in no more (AdminDisableProviderForUser).

    A link goes, and the next sign-in with the account makes a user of its own; a user whom the account made is
    disabled; a user of the pool loses the password, until an operator sets another. Raises ResourceNotFound,
    UserNotFound, InvalidParameter.
    """
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, pool_id)
        if account.is_local:
            _disable_password(call, tx, pool, account)
            return
        _check_value(account, "User")
        found = linked_identities.find(tx, pool_id, account.provider, account.attribute, account.value)
        user = users.find_locked(tx, pool_id, found.sub) if found else None
        if found is None or user is None:
            raise errors.UserNotFound
        fact = Fact(operation="AdminDisableProviderForUser", names=[account.provider])
        if found.is_primary:
            users.disable(tx, pool_id, user.sub, call.now)
            logout_notices.add(call, tx, pool_id, user.sub)
            tell(call, tx, pool_id, "disabled", user.sub, fact)
            return
        if not linked_identities.remove(tx, found):
            raise errors.UserNotFound
        _show(call, tx, pool, user)
        tell(call, tx, pool_id, "identity_unlinked", user.sub, fact)


def _disable_password(call: Call, tx: Transaction, pool: Pool, account: Account) -> None:
    if account.attribute != SUBJECT:
        raise errors.InvalidParameter(f"Invalid User: ProviderAttributeName must be {SUBJECT}")
    user = users.find_locked(tx, pool.pool_id, access.require_user(tx, pool, account.value).sub)
    if user is None:
        raise errors.UserNotFound
    passwords.remove(tx, pool.pool_id, user.sub)
    codes.remove(tx, pool.pool_id, user.sub, RESET)
    users.set_factors(tx, pool.pool_id, user.sub, add=Factor.NONE, remove=Factor.PASSWORD, now=call.now)
    # As such a user cannot ask for another password either: only an operator gives one.
    users.set_status(tx, pool.pool_id, user.sub, status=Status.EXTERNAL_PROVIDER, seen=None, now=call.now)
    tell(call, tx, pool.pool_id, "password_disabled", user.sub, Fact(operation="AdminDisableProviderForUser"))


def _destination(tx: Transaction, pool: Pool, destination: Account) -> User:
    if destination.is_local:
        return access.require_user(tx, pool, destination.value)
    found = linked_identities.find(tx, pool.pool_id, destination.provider, SUBJECT, destination.value)
    user = users.find(tx, pool.pool_id, found.sub) if found and found.is_primary else None
    if user is None:
        raise errors.UserNotFound
    return user


def _refuse_signed_up(tx: Transaction, pool: Pool, source: Account) -> None:
    """An account that has a user of its own, or whose user's name somebody has, is not taken over."""
    stands = linked_identities.find(tx, pool.pool_id, source.provider, source.attribute, source.value)
    if stands is not None:
        raise errors.InvalidParameter(_MERGING if stands.is_primary else _LINKED)
    if source.attribute == SUBJECT and access.find_user(tx, pool, f"{source.provider}_{source.value}") is not None:
        raise errors.InvalidParameter(_MERGING)


def _refuse_too_many(tx: Transaction, pool: Pool, source: Account, user: User) -> None:
    links = [each for each in linked_identities.of_user(tx, pool.pool_id, user.sub) if not each.is_primary]
    if len(links) >= MOST_LINKS:
        raise errors.LimitExceeded(f"A user cannot have more than {MOST_LINKS} linked identities.")
    # Whoever links by a name that is new for the provider waits for the others who do.
    stored_providers.hold(tx, pool.pool_id, source.provider)
    names = linked_identities.attributes_of(tx, pool.pool_id, source.provider, MOST_ATTRIBUTES)
    if len(names) >= MOST_ATTRIBUTES and source.attribute not in names:
        raise errors.LimitExceeded(
            f"Identities of a provider cannot be linked by more than {MOST_ATTRIBUTES} different attributes."
        )


def _show(call: Call, tx: Transaction, pool: Pool, user: User) -> None:
    """Let the profile of a locked user tell what is linked now."""
    links = linked_identities.of_user(tx, pool.pool_id, user.sub)
    value = identities.attribute(
        Identity(each.subject, each.provider, each.kind, each.issuer, bool(each.is_primary), each.linked_at)
        for each in links
    )
    shown = with_attributes(user, {identities.NAME: value})
    if not users.set_profile(tx, shown, search_keys(shown, pool.folding), call.now):
        raise errors.Conflict


def _check_value(account: Account, member: str) -> None:
    """Refuse what no provider calls anybody, and what no index can hold. Raises InvalidParameter."""
    value = account.value
    if not value.strip() or not value.isprintable() or len(value.encode()) > _LONGEST_SUBJECT_BYTES:
        raise errors.InvalidParameter(f"Invalid {member}: ProviderAttributeValue is not valid")
