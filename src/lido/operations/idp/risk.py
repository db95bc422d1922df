"""Threat protection: how it is configured, the events of a user, and what is said of them.

What is configured here is kept and told back; no sign-in is evaluated by it yet (docs/threat-protection.md).
"""

from lido import errors
from lido.call import Call
from lido.flows import access, event_feedback, events
from lido.flows.events import Fact
from lido.operations import operation
from lido.operations.describing import timestamp
from lido.operations.pages import Pages, size
from lido.records import Event, Pool, User
from lido.rules import risk
from lido.rules.time_ordered_ids import made_at
from lido.shapes import idp
from lido.storage import event_feedback as feedbacks
from lido.storage import events as facts
from lido.storage import risk_settings
from lido.storage.database import Transaction
from lido.storage.event_feedback import Feedback
from lido.storage.risk_settings import WHOLE_POOL, RiskSettings

_NEWEST = "~"


@operation
def set_risk_configuration(call: Call, request: idp.SetRiskConfigurationRequest) -> idp.SetRiskConfigurationResponse:
    """Replaces what is set for the pool or the client; what is omitted is reset, and a client without any inherits.

    Raises ResourceNotFound, InvalidParameter, UserPoolAddOnNotEnabled.
    """
    risk.check(request)
    settings = idp.RiskConfigurationType(
        compromised_credentials_risk_configuration=request.compromised_credentials_risk_configuration,
        account_takeover_risk_configuration=request.account_takeover_risk_configuration,
        risk_exception_configuration=request.risk_exception_configuration,
    )
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        _require_on(pool)
        made = RiskSettings(pool.pool_id, _level(tx, pool, request.client_id), settings, call.now)
        if settings == idp.RiskConfigurationType():
            risk_settings.remove(tx, pool.pool_id, made.client_id)
        else:
            risk_settings.put(tx, made)
        _tell(call, tx, made)
    return idp.SetRiskConfigurationResponse(risk_configuration=_described(made, request.client_id))


@operation
def describe_risk_configuration(
    call: Call, request: idp.DescribeRiskConfigurationRequest
) -> idp.DescribeRiskConfigurationResponse:
    """What is set for the pool or, with a client, for that client alone: ids without settings where nothing is.

    Raises ResourceNotFound, UserPoolAddOnNotEnabled.
    """
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        _require_on(pool)
        found = risk_settings.find(tx, pool.pool_id, _level(tx, pool, request.client_id))
    if found is None:
        nothing = idp.RiskConfigurationType(user_pool_id=pool.pool_id, client_id=request.client_id)
        return idp.DescribeRiskConfigurationResponse(risk_configuration=nothing)
    return idp.DescribeRiskConfigurationResponse(risk_configuration=_described(found, request.client_id))


@operation
def admin_list_user_auth_events(
    call: Call, request: idp.AdminListUserAuthEventsRequest
) -> idp.AdminListUserAuthEventsResponse:
    """Newest first. A page may be short before the last one, since not every message that was sent is an event.

    Raises ResourceNotFound, UserNotFound, InvalidParameter for a foreign token, UserPoolAddOnNotEnabled.
    """
    pages = Pages(call, "AdminListUserAuthEvents", request.user_pool_id, {"Username": request.username})
    most = size(request.max_results)
    with call.db.read() as tx:
        pool, user = _pool_and_user(call, tx, request.user_pool_id, request.username)
        before = pages.after_text(request.next_token) or _NEWEST
        found = facts.auth_page_of_user(tx, pool.pool_id, user.sub, before=before, limit=most + 1)
        shown, next_token = pages.cut(found, most, lambda event: [event.id])
        said = feedbacks.of_events(tx, pool.pool_id, [event.id for event in shown])
    told = (_event(event, said.get(event.id)) for event in shown)
    return idp.AdminListUserAuthEventsResponse(
        auth_events=[event for event in told if event is not None], next_token=next_token
    )


@operation
def admin_update_auth_event_feedback(
    call: Call, request: idp.AdminUpdateAuthEventFeedbackRequest
) -> idp.AdminUpdateAuthEventFeedbackResponse:
    """Says of an event whether it was the user. Raises ResourceNotFound, UserNotFound, UserPoolAddOnNotEnabled."""
    with call.db.write() as tx:
        pool, user = _pool_and_user(call, tx, request.user_pool_id, request.username)
        event_feedback.give(
            call, tx, pool, user, request.event_id, request.feedback_value, provider=event_feedback.ADMIN
        )
    return idp.AdminUpdateAuthEventFeedbackResponse()


@operation
def update_auth_event_feedback(
    call: Call, request: idp.UpdateAuthEventFeedbackRequest
) -> idp.UpdateAuthEventFeedbackResponse:
    """As the operator's, by whoever was sent the token. It does not tell who exists.

    Raises ResourceNotFound, NotAuthorized, UserPoolAddOnNotEnabled.
    """
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        _require_on(pool)
        user = access.find_user(tx, pool, request.username)
        said = request.feedback_value
        event_feedback.check_token(call, pool.pool_id, user, request.event_id, said, request.feedback_token)
        if user is not None:
            event_feedback.give(call, tx, pool, user, request.event_id, said, provider=event_feedback.USER)
    return idp.UpdateAuthEventFeedbackResponse()


def _require_on(pool: Pool) -> None:
    if not risk.is_on(pool):
        raise errors.UserPoolAddOnNotEnabled


def _pool_and_user(call: Call, tx: Transaction, pool_id: str, username: str) -> tuple[Pool, User]:
    pool = access.require_pool(call, tx, pool_id)
    _require_on(pool)
    return pool, access.require_user(tx, pool, username)


def _level(tx: Transaction, pool: Pool, client_id: str | None) -> str:
    return WHOLE_POOL if client_id in (None, WHOLE_POOL) else access.require_client(tx, pool, client_id or "").client_id


def _described(found: RiskSettings, client_id: str | None) -> idp.RiskConfigurationType:
    return idp.RiskConfigurationType(
        user_pool_id=found.pool_id,
        client_id=client_id,
        compromised_credentials_risk_configuration=found.settings.compromised_credentials_risk_configuration,
        account_takeover_risk_configuration=found.settings.account_takeover_risk_configuration,
        risk_exception_configuration=found.settings.risk_exception_configuration,
        last_modified_date=timestamp(found.modified_at),
    )


def _event(event: Event, said: Feedback | None) -> idp.AuthEventType | None:
    shown = risk.described(event.id, made_at(event.id), event.kind, event.body)
    if shown is not None and said is not None:
        shown.event_feedback = idp.EventFeedbackType(
            feedback_value="Valid" if said.value == "Valid" else "Invalid",
            provider=said.provider,
            feedback_date=timestamp(said.given_at),
        )
    return shown


def _tell(call: Call, tx: Transaction, made: RiskSettings) -> None:
    of_client = made.client_id != WHOLE_POOL
    fact = Fact(
        client_id=made.client_id if of_client else None, operation="SetRiskConfiguration", names=["RiskConfiguration"]
    )
    events.tell(call, tx, made.pool_id, "client_changed" if of_client else "pool_changed", fact=fact)
