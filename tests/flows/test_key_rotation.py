import json
import re
from importlib.resources import files

import jwt as pyjwt
import msgspec
import pytest
from tests.authority import Authority
from tests.flows.test_message_worker import write
from tests.world import ROOT_ID, ROOT_SECRET

from lido.flows import (
    access,
    certificates,
    delivery,
    devices,
    identity_providers,
    import_uploads,
    key_rotation,
    lasting_keys,
    operators,
    passkeys,
    passwords,
    saml_certificates,
    signing,
    totp,
    trigger_targets,
    user_import,
    webhooks,
)
from lido.flows.chores import Chores, table
from lido.flows.key_rotation import LONGEST_TOKEN_MS, PUBLICATION_MS, SEALED, rotate_signing_keys
from lido.records import Device, DeviceStatus, TotpKey
from lido.rules import jwt
from lido.rules.sealing import KeyRing, Unsealable
from lido.storage import challenges, import_jobs, messages, pools, signing_keys, totp_keys
from lido.storage import devices as stored_devices
from lido.storage import identity_providers as stored_providers
from lido.storage import passwords as stored_passwords
from lido.storage import saml_certificates as stored_certificates
from lido.storage import trigger_targets as stored_targets
from lido.storage.import_jobs import JobSettings

HASHES = {
    ("codes", "digest"),
    ("recovery_codes", "digest"),
    ("audit_seals", "previous"),
    ("audit_seals", "digest"),
    ("audit_seals", "macs"),
    ("audit", "mac"),
    ("sso_sessions", "secret_digest"),
    ("authorization_codes", "digest"),
    ("device_grants", "digest"),
    ("device_grants", "user_code_digest"),
    ("pushed_requests", "digest"),
}
"""What is stored as bytes and cannot be opened by anybody."""
UNUSED = {("operators", "password")}
PUBLIC = {("passkeys", "public_key"), ("assets", "content"), ("assets", "served")}


@pytest.fixture
def pool_id(house):
    return house.pool()


@pytest.fixture
def chores(house):
    chores = Chores(house.call, table(event_retention_days=90, message_retention_days=7), holder="here")
    chores.run_due()
    return chores


def pool_of(house, pool_id):
    with house.database.read() as tx:
        return pools.find(tx, pool_id)


def rotate(house, pool_id):
    return rotate_signing_keys(house.call(), pool_of(house, pool_id))


def sign(house, pool_id, use):
    """A token as it would be signed now."""
    call = house.call()
    with call.db.read() as tx:
        key = signing.ring(call, tx, pools.find(tx, pool_id)).signing[use]
    return jwt.sign({"sub": "s", "use": use}, key)


def published(house, pool_id):
    status, _, body = house.http("GET", f"http://lido.test/{pool_id}/.well-known/jwks.json")
    assert status == 200
    return {key["kid"]: key for key in json.loads(body)["keys"]}


def verifies(house, pool_id, token):
    """Whether a verifier that reads the keys now takes the token."""
    key = published(house, pool_id).get(pyjwt.get_unverified_header(token)["kid"])
    return key is not None and bool(pyjwt.decode(token, pyjwt.PyJWK(key), algorithms=["RS256"]))


def states(house, pool_id):
    with house.database.read() as tx:
        return sorted((key.use, key.state) for key in signing_keys.all_of(tx, pool_id))


def test_a_rotation_leaves_no_moment_in_which_a_token_does_not_verify(house, pool_id, chores):
    before = set(published(house, pool_id))
    old = [sign(house, pool_id, use) for use in signing.USES]

    fresh = {key.kid for key in rotate(house, pool_id)}
    assert set(published(house, pool_id)) == before | fresh
    assert pyjwt.get_unverified_header(sign(house, pool_id, "id"))["kid"] in before

    house.clock.advance(seconds=PUBLICATION_MS / 1000 - 1)
    chores.run_due()
    assert pyjwt.get_unverified_header(sign(house, pool_id, "id"))["kid"] in before

    house.clock.advance(seconds=61)
    chores.run_due()
    new = [sign(house, pool_id, use) for use in signing.USES]
    assert {pyjwt.get_unverified_header(token)["kid"] for token in new} == fresh
    assert all(verifies(house, pool_id, token) for token in old + new)
    assert states(house, pool_id) == [("access", "live"), ("access", "old"), ("id", "live"), ("id", "old")]

    house.clock.advance(seconds=LONGEST_TOKEN_MS / 1000)
    chores.run_due()
    assert all(verifies(house, pool_id, token) for token in old + new)

    house.clock.advance(hours=1, seconds=61)
    chores.run_due()
    assert set(published(house, pool_id)) == fresh
    assert not any(verifies(house, pool_id, token) for token in old)
    assert all(verifies(house, pool_id, token) for token in new)


def test_the_private_part_of_a_retired_key_is_gone(house, pool_id, chores):
    rotate(house, pool_id)
    house.clock.advance(seconds=PUBLICATION_MS / 1000 + 60)
    chores.run_due()
    with house.database.read() as tx:
        assert all((key.private_key is None) == (key.state == "old") for key in signing_keys.all_of(tx, pool_id))


def test_a_rotation_under_way_is_not_begun_again(house, pool_id):
    first = rotate(house, pool_id)
    assert {key.kid for key in rotate(house, pool_id)} == {key.kid for key in first}
    assert len(published(house, pool_id)) == 4


def test_each_step_raises_the_pools_version_and_is_told(house, pool_id, chores):
    before = pool_of(house, pool_id).version
    rotate(house, pool_id)
    published_at = pool_of(house, pool_id).version
    house.clock.advance(seconds=PUBLICATION_MS / 1000 + 60)
    chores.run_due()
    assert before < published_at < pool_of(house, pool_id).version
    with house.database.read() as tx:
        told = tx.rows("SELECT body FROM events WHERE kind = 'keys_rotated' ORDER BY id")
    assert [json.loads(body)["reason"] for (body,) in told] == ["published", "signing"]


def test_a_deleted_pool_gets_no_keys(house, pool_id):
    pool = pool_of(house, pool_id)
    house.idp.delete_user_pool(UserPoolId=pool_id)
    assert rotate_signing_keys(house.call(), pool) == []
    with house.database.write() as tx:
        assert not key_rotation.advance(house.call(), tx, pool_id)


@pytest.fixture
def furnished(house, pool_id):
    """One of everything that is sealed; the message's id, the client's id and the user's sub."""
    house.idp.update_user_pool(
        UserPoolId=pool_id, Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 3}}
    )
    client = house.app(pool_id, GenerateSecret=True)
    house.user(pool_id, "alice", "Passw0rd!")
    house.idp.admin_set_user_password(UserPoolId=pool_id, Username="alice", Password="An0ther-one!", Permanent=True)
    sub = next(
        attribute["Value"]
        for attribute in house.idp.admin_get_user(UserPoolId=pool_id, Username="alice")["UserAttributes"]
        if attribute["Name"] == "sub"
    )
    plant_factors(house.call(), pool_id, sub)
    wish = trigger_targets.Wish(name="hook", kind="url", address="https://example.com/hook")
    trigger_targets.register(house.call(), pool_id, "PostConfirmation", wish)
    webhooks.rotate(house.call(), webhooks.add(house.call(), pool_id, "https://a.example/", []).id)
    house.idp.get_signing_certificate(UserPoolId=pool_id)
    details = {"client_id": "id", "client_secret": "upstream", "authorize_scopes": "openid"}
    house.idp.create_identity_provider(
        UserPoolId=pool_id, ProviderName="Google", ProviderType="Google", ProviderDetails=details
    )
    plant_import(house.call(), pool_id)
    certificates.add(house.call(), *Authority(house.clock.now()).issue("login.example.com"))
    return write(house, pool_id), client, sub


def plant_factors(call, pool_id, sub):
    """An authenticator, a remembered device and a registration under way, sealed as their flows seal them."""
    seed = call.keys.seal(totp.PURPOSE, b"seed", pool_id, sub, "app")
    verifier = call.keys.seal(devices.PURPOSE, b"verifier", pool_id, sub, "device")
    with call.db.write() as tx:
        totp_keys.add(tx, TotpKey(pool_id, sub, "app", None, seed, True, 0, call.now))
        status = int(DeviceStatus.REMEMBERED)
        stored_devices.add(
            tx, Device(pool_id, sub, "device", "-group", None, status, verifier, None, call.now, call.now, call.now)
        )
        state = call.keys.seal(passkeys.PURPOSE, b"state", pool_id, "under way")
        challenges.put(tx, pool_id, "under way", state=state, expires_at=call.now + 1_000_000)


def plant_import(call, pool_id):
    """A job whose file has come."""
    job = user_import.create(call, pool_id, "move", JobSettings("arn:aws:iam::123456789012:role/logs"))
    upload = import_uploads.begin(call, pool_id, job.id)
    import_uploads.add(call, pool_id, job.id, upload, 0, b"a,b")
    import_uploads.end(call, pool_id, job.id, upload, 3)


def call_with(house, *masters):
    return msgspec.structs.replace(house.call(), keys=KeyRing(masters, house.entropy.bytes))


OLD, NEW = bytes(32), b"\x01" * 32


def read_everything(call, pool_id, furnished):
    """Open one thing of every kind with the keys of that call. Raises Unsealable."""
    message_id, client, sub = furnished
    with call.db.read() as tx:
        pool = pools.find(tx, pool_id)
        for key in signing_keys.all_of(tx, pool_id):
            call.keys.open(signing.PURPOSE, key.private_key, pool_id, key.kid)
        row = tx.row("SELECT secret_id, secret FROM client_secrets WHERE pool_id = :pool_id", pool_id=pool_id)
        secret = call.keys.open(access.SECRET_PURPOSE, row[1], pool_id, client["ClientId"], row[0]).decode()
        assert secret == client["ClientSecret"]
        present = stored_passwords.find(tx, pool_id, sub)
        earlier = passwords.earlier(tx, pool, sub)
        message = next(each for each in messages.page(tx, limit=10) if each.id == message_id)
    material = passwords.open_material(call, pool_id, sub, present.material)
    assert passwords.verify(call, material, "An0ther-one!")
    assert len(earlier) == 1
    call.keys.open(passwords.HISTORY_PURPOSE, earlier[0], pool_id, sub)
    assert delivery.open_letter(call, message).to == "alice@example.com"
    with call.db.read() as tx:
        app = totp_keys.verified(tx, pool_id, sub)[0]
        device = stored_devices.find(tx, pool_id, sub, "device")
        state = challenges.find(tx, pool_id, "under way", call.now)
        hook = stored_targets.find(tx, "hook")
    assert len(call.keys.open(trigger_targets.PURPOSE, hook.secret, "hook")) == 32
    assert call.keys.open(totp.PURPOSE, app.seed, pool_id, sub, "app") == b"seed"
    assert call.keys.open(devices.PURPOSE, device.verifier, pool_id, sub, "device") == b"verifier"
    assert call.keys.open(passkeys.PURPOSE, state, pool_id, "under way") == b"state"
    with call.db.read() as tx:
        provider = stored_providers.find(tx, pool_id, "Google")
        own = stored_certificates.find(tx, pool_id)
    assert identity_providers.opened(call, provider)["client_secret"] == "upstream"
    assert call.keys.open(saml_certificates.PURPOSE, own.private_key, pool_id)
    [webhook] = webhooks.every(call, pool_id)
    for secret in (webhook.secret, webhook.former_secret):
        assert len(call.keys.open(webhooks.PURPOSE, secret, pool_id, webhook.id)) == 32
    with call.db.read() as tx:
        (job,) = import_jobs.page(tx, pool_id, before=(2**62, ""), limit=1)
    assert import_uploads.UploadedFile(job).line(call, 0).content == b"a,b"
    (certificate,) = certificates.every(call)
    assert b"PRIVATE KEY" in call.keys.open(certificates.PURPOSE, certificate.private_key, certificate.id)
    later = msgspec.structs.replace(call, now=call.now + 10_000)
    assert operators.find_key(later, ROOT_ID).secret == ROOT_SECRET


def test_after_resealing_the_older_key_is_not_needed(house, pool_id, furnished):
    read_everything(call_with(house, OLD), pool_id, furnished)
    with pytest.raises(Unsealable):
        read_everything(call_with(house, NEW), pool_id, furnished)
    done = {step.place: step for step in key_rotation.reseal(call_with(house, NEW, OLD))}
    places = [step for step in done.values() if step.place not in lasting_keys.NAMES]
    assert all(step.resealed == step.seen > 0 and step.lost == 0 for step in places)
    read_everything(call_with(house, NEW), pool_id, furnished)
    with pytest.raises(Unsealable):
        read_everything(call_with(house, OLD), pool_id, furnished)


def test_what_is_sealed_with_the_newest_key_is_left_alone(house, furnished):
    call = call_with(house, NEW, OLD)
    list(key_rotation.reseal(call))
    assert all(step.resealed == 0 for step in key_rotation.reseal(call))


def test_what_no_key_opens_is_counted_and_the_rest_goes_on(house, pool_id, furnished):
    with house.database.write() as tx:
        tx.run("UPDATE passwords SET material = :broken", broken=b"\x01broken" + bytes(40))
    done = {step.place: step for step in key_rotation.reseal(call_with(house, NEW, OLD))}
    assert (done["passwords.material"].lost, done["passwords.material"].resealed) == (1, 0)
    assert done["messages.body"].resealed == 1


def test_resealing_walks_in_batches_and_tells_its_progress(house, pool_id, monkeypatch):
    monkeypatch.setattr(key_rotation, "_ROWS_AT_ONCE", 2)
    for number in range(5):
        write(house, pool_id, f"u{number}@example.com")
    steps = [step for step in key_rotation.reseal(call_with(house, NEW, OLD)) if step.place == "messages.body"]
    assert [(step.seen, step.resealed) for step in steps] == [(2, 2), (4, 4), (5, 5)]


def test_every_column_of_bytes_is_known(house):
    sql = files("lido.storage.migrations")
    found = set()
    for file in sorted(path.name for path in sql.iterdir() if path.name.endswith(".sql")):
        for name, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", sql.joinpath(file).read_text(), re.DOTALL):
            found |= {(name, column) for column in re.findall(r"(\w+) BYTEA", body)}
        found |= set(re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+) BYTEA", sql.joinpath(file).read_text()))
    listed = {(each.column.table, each.column.name) for each in SEALED}
    assert found == listed | HASHES | UNUSED | PUBLIC
