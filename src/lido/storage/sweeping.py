"""Clearing away what is over, in bounded bites: the contents of deleted pools, rows of gone users."""

from lido.storage.database import Row, Transaction

# What a pool owns, children before parents, and the key of each. The audit trail outlives its pools.
OWNED = {
    "messages": "pool_id, id",
    "logout_notices": "pool_id, id",
    "outbox": "pool_id, id",
    "deliveries": "pool_id, event_id, webhook_id",
    "webhooks": "pool_id, id",
    "log_records": "pool_id, source, id",
    "events": "pool_id, id",
    "sessions": "pool_id, sub, id",
    "sso_sessions": "pool_id, sub, id",
    "authorization_codes": "pool_id, digest",
    "pushed_requests": "pool_id, digest",
    "device_grants": "pool_id, digest",
    "consents": "pool_id, sub, client_id",
    "spent": "pool_id, id",
    "budgets": "pool_id, subject, kind",
    "lockouts": "pool_id, subject",
    "codes": "pool_id, sub, purpose",
    "group_members": "pool_id, sub, group_name",
    "groups": "pool_id, name",
    "password_history": "pool_id, sub, set_at",
    "passwords": "pool_id, sub",
    "pending_attributes": "pool_id, sub, name",
    "totp_keys": "pool_id, sub, id",
    "recovery_codes": "pool_id, sub, digest",
    "passkeys": "pool_id, credential_id",
    "devices": "pool_id, sub, device_key",
    "linked_identities": "pool_id, provider, attribute, subject",
    "challenges": "pool_id, id",
    "user_names": "pool_id, name_key",
    "users": "pool_id, sub",
    "provider_identifiers": "pool_id, identifier",
    "identity_providers": "pool_id, name",
    "saml_certificates": "pool_id",
    "import_lines": "pool_id, job_id, line",
    "import_chunks": "pool_id, job_id, upload, part",
    "import_jobs": "pool_id, id",
    "domains": "domain",
    "brandings": "pool_id, id",
    "assets": "pool_id, digest",
    "ui_customizations": "pool_id, client_id",
    "terms": "pool_id, id",
    "risk_settings": "pool_id, client_id",
    "event_feedback": "pool_id, event_id",
    "resource_servers": "pool_id, identifier",
    "client_secrets": "pool_id, client_id, slot",
    "clients": "pool_id, client_id",
    "signing_keys": "pool_id, kid",
    "limits": "pool_id, category",
    "limit_usage": "pool_id, category, node",
    "pool_statistics": "pool_id, name",
    "stack_resources": "region, stack, logical_id, physical_id",
}
# What a user owns; a request that raced the user's deletion may have left some. Their events stay.
PERSONAL = (
    "user_names",
    "pending_attributes",
    "passwords",
    "password_history",
    "group_members",
    "codes",
    "sessions",
    "sso_sessions",
    "authorization_codes",
    "consents",
    "totp_keys",
    "recovery_codes",
    "passkeys",
    "devices",
    "linked_identities",
)

# What is nobody's without its client either.
_OF_CLIENTS = frozenset({"consents"})


def empty_pool(tx: Transaction, pool_id: str, limit: int) -> int:
    """Delete what a deleted pool owned, at most `limit` rows, the pool itself last; how many went."""
    gone = 0
    for table, key in OWNED.items():
        gone += tx.run(
            f"""DELETE FROM {table} WHERE ({key}) IN
                  (SELECT {key} FROM {table} WHERE pool_id = :pool_id LIMIT :limit)""",
            pool_id=pool_id,
            limit=limit - gone,
        )
        if gone >= limit:
            return gone
    return gone + tx.run("DELETE FROM pools WHERE pool_id = :pool_id AND deleted_at IS NOT NULL", pool_id=pool_id)


def remove_orphans(tx: Transaction, table: str, after: Row, limit: int) -> Row | None:
    """Look at the next `limit` rows of a personal table after that key, and delete those whose user or app is gone.

    The last key looked at, None at the end; () begins.
    """
    key = OWNED[table]
    names = key.split(", ")
    given = {f"after_{name}": value for name, value in zip(names, after, strict=False)}
    beyond = f"WHERE ({key}) > ({', '.join(f':after_{name}' for name in names)})" if after else ""
    seen = tx.rows(f"SELECT {key} FROM {table} {beyond} ORDER BY {key} LIMIT :limit", limit=limit, **given)
    if not seen:
        return None
    last = {f"last_{name}": value for name, value in zip(names, seen[-1], strict=True)}
    until = f"({key}) <= ({', '.join(f':last_{name}' for name in names)})"
    owner = f"EXISTS (SELECT 1 FROM users u WHERE u.pool_id = {table}.pool_id AND u.sub = {table}.sub)"
    if table in _OF_CLIENTS:
        same = f"c.pool_id = {table}.pool_id AND c.client_id = {table}.client_id"
        owner += f" AND EXISTS (SELECT 1 FROM clients c WHERE {same})"
    tx.run(
        f"""DELETE FROM {table} {beyond} {"AND" if after else "WHERE"} {until} AND NOT ({owner})""",
        **given,
        **last,
    )
    return seen[-1]
