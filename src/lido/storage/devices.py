"""Devices: one row for each that was confirmed; forgetting deletes it."""

from lido.records import Device
from lido.storage.database import Transaction

_COLUMNS = (
    "pool_id, sub, device_key, group_key, name, status, verifier, last_ip, created_at, modified_at, last_signed_in_at"
)


def add(tx: Transaction, device: Device) -> bool:
    """Store a device; False: the user has one of that key."""
    return (
        tx.run(
            f"""INSERT INTO devices ({_COLUMNS})
                VALUES (:pool_id, :sub, :device_key, :group_key, :name, :status, :verifier, :last_ip, :created_at,
                  :modified_at, :last_signed_in_at)
                ON CONFLICT (pool_id, sub, device_key) DO NOTHING""",
            pool_id=device.pool_id,
            sub=device.sub,
            device_key=device.device_key,
            group_key=device.group_key,
            name=device.name,
            status=int(device.status),
            verifier=device.verifier,
            last_ip=device.last_ip,
            created_at=device.created_at,
            modified_at=device.modified_at,
            last_signed_in_at=device.last_signed_in_at,
        )
        == 1
    )


def find(tx: Transaction, pool_id: str, sub: str, device_key: str) -> Device | None:
    """The user's device of that key."""
    return tx.find(
        Device,
        f"SELECT {_COLUMNS} FROM devices WHERE pool_id = :pool_id AND sub = :sub AND device_key = :device_key",
        pool_id=pool_id,
        sub=sub,
        device_key=device_key,
    )


def page(tx: Transaction, pool_id: str, sub: str, *, after: str, limit: int) -> list[Device]:
    """The user's devices by key, those after that key; '' begins."""
    return tx.all(
        Device,
        f"""SELECT {_COLUMNS} FROM devices WHERE pool_id = :pool_id AND sub = :sub AND device_key > :after
            ORDER BY device_key LIMIT :limit""",
        pool_id=pool_id,
        sub=sub,
        after=after,
        limit=limit,
    )


def set_status(tx: Transaction, pool_id: str, sub: str, device_key: str, *, status: int, now: int) -> bool:
    """Remember the device, or not; False: there is none."""
    return (
        tx.run(
            """UPDATE devices SET status = :status, modified_at = :now
               WHERE pool_id = :pool_id AND sub = :sub AND device_key = :device_key""",
            status=int(status),
            now=now,
            pool_id=pool_id,
            sub=sub,
            device_key=device_key,
        )
        == 1
    )


def use(tx: Transaction, device: Device, *, address: str, now: int) -> bool:
    """Note a sign-in on the device; False: it was forgotten, or its status changed, since it was read."""
    return (
        tx.run(
            """UPDATE devices SET last_signed_in_at = :now, last_ip = COALESCE(:address, last_ip)
               WHERE pool_id = :pool_id AND sub = :sub AND device_key = :device_key AND status = :status""",
            now=now,
            address=address or None,
            pool_id=device.pool_id,
            sub=device.sub,
            device_key=device.device_key,
            status=int(device.status),
        )
        == 1
    )


def remove(tx: Transaction, pool_id: str, sub: str, device_key: str) -> bool:
    """Forget the device; False: there is none."""
    return (
        tx.run(
            "DELETE FROM devices WHERE pool_id = :pool_id AND sub = :sub AND device_key = :device_key",
            pool_id=pool_id,
            sub=sub,
            device_key=device_key,
        )
        == 1
    )


def remove_all(tx: Transaction, pool_id: str, sub: str) -> int:
    """Forget all devices of the user; how many went."""
    return tx.run("DELETE FROM devices WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub)
