"""The triggers around every sign-in: before anything is proven, when everything is, and before tokens are made."""

from msgspec import structs

from lido.call import Call
from lido.flows import networks, triggers
from lido.flows.holders import Holder
from lido.flows.scenes import Scene
from lido.records import Pool
from lido.rules import claims, token_changes, trigger_events
from lido.rules.token_changes import Changes


def count(call: Call, scene: Scene, *, by_custom_auth: bool) -> str:
    """Count for the network that functions are about to be asked by somebody unproven; '' where none are.

    Raises TooManyRequests.
    """
    if not (by_custom_auth or triggers.is_named(scene.pool, "PreAuthentication")):
        return ""
    return networks.ask(call, scene.network)


def before(call: Call, scene: Scene) -> Call:
    """Ask PreAuthentication, which hears what the client says when a sign-in begins; no later trigger does.

    Gives the call for what follows. Raises the refusals of triggers.
    """
    user, said = scene.user, call.client_metadata
    if triggers.is_named(scene.pool, "PreAuthentication"):
        name = user.username if user else scene.typed
        attributes = trigger_events.attributes(scene.pool, user) if user else {}
        event = trigger_events.pre_authentication(
            name, scene.client.client_id, attributes, validation_data=said, user_not_found=user is None
        )
        triggers.tell(call, scene.pool, event)
    return without_metadata(call)


def without_metadata(call: Call) -> Call:
    """The call as triggers see it that do not hear what the client says."""
    return structs.replace(call, client_metadata={}) if call.client_metadata else call


def are_asked(pool: Pool) -> bool:
    """Whether a trigger stands between proof and tokens."""
    return triggers.is_named(pool, "PostAuthentication") or triggers.is_named(pool, "PreTokenGeneration")


def after(call: Call, holder: Holder, *, new_device: bool) -> None:
    """Tell PostAuthentication. Raises the refusals of triggers."""
    if not triggers.is_named(holder.pool, "PostAuthentication"):
        return
    user, told = holder.user, trigger_events.attributes(holder.pool, holder.user)
    event = trigger_events.post_authentication(
        user.username, holder.client.client_id, told, new_device=new_device, client_metadata=call.client_metadata
    )
    triggers.tell(call, holder.pool, event)


def changes_to_tokens(call: Call, holder: Holder, source: str, scope: str = claims.SIGN_IN_SCOPE) -> Changes:
    """What PreTokenGeneration makes of the claims; `source` is the end of its trigger source, `scope` the token's.

    Raises the refusals of triggers.
    """
    if not triggers.is_named(holder.pool, "PreTokenGeneration"):
        return token_changes.NONE
    version = triggers.token_version(holder.pool)
    event = token_changes.event(
        source,
        holder.user.username,
        holder.client.client_id,
        trigger_events.attributes(holder.pool, holder.user),
        holder.groups,
        scope.split(" "),
        version=version,
        client_metadata=call.client_metadata,
    )
    return triggers.ask(call, holder.pool, event, lambda response: token_changes.read(response, version))
