"""Nothing secret in the log at its most talkative, in the metrics, or readable in the database."""

import base64
import json
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import urllib3
from psycopg import sql
from pycognito.aws_srp import AWSSRP
from tests.faults.wire import ROOT, Refused, Wire, make_app, make_pool, sign_in
from tests.server import Server

from lido.rules import srp
from lido.rules.secret_hash import secret_hash

pytestmark = pytest.mark.slow

PASSWORD, SECOND, THIRD = "Canary-Passw0rd-1!", "Canary-Passw0rd-2!", "Canary-Passw0rd-3!"
TEMPORARY, WRONG, WEAK = "Canary-Temp0rary!", "Canary-Wrong-Passw0rd!", "canary-weak-password"
MASTER_KEY = bytes(range(64, 96))
EMAIL = "canary@example.com"
CODE_DIGITS = 6
END_OF_A_LONG_SECRET = 40
PRIVATE_RSA_KEY = bytes.fromhex("020100300d06092a864886f70d0101010500")
"""How every private RSA key begins in PKCS #8, after its length."""


class Secrets(dict[str, str | bytes]):
    """What must be found nowhere, by what it is."""

    def note(self, **secrets):
        self.update(secrets)

    def found_in(self, text):
        """Which of them stand in these bytes, as they are, in hex or in Base64."""
        return [name for name, secret in self.items() if any(form.search(text) for form in _forms(secret))]


def _forms(secret):
    octets = secret if isinstance(secret, bytes) else secret.encode()
    if octets.isdigit() and len(octets) == CODE_DIGITS:
        # As a word of its own: moments are full of digits.
        return [re.compile(rb"(?<![\d.])" + octets + rb"(?!\d)")]
    octets = octets[-END_OF_A_LONG_SECRET:]
    encoded = {octets, octets.hex().encode(), base64.b64encode(octets)[:-4], base64.urlsafe_b64encode(octets)[:-4]}
    return [re.compile(re.escape(form)) for form in encoded]


def live(server, secrets):
    """Do everything once that carries a secret, right and wrong."""
    wire = Wire(server)
    pool_id = make_pool(wire)
    client_id = make_app(wire, pool_id)
    add_webhook(server, secrets, pool_id)
    sign_up_and_forget(wire, server, secrets, client_id)
    tokens = sign_in(wire, client_id, "canary", SECOND)
    wire.ask("ChangePassword", AccessToken=tokens["AccessToken"], PreviousPassword=SECOND, ProposedPassword=THIRD)
    given = {"REFRESH_TOKEN": tokens["RefreshToken"]}
    refreshed = wire.ask("InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", ClientId=client_id, AuthParameters=given)
    secrets.note(
        access_token=tokens["AccessToken"],
        id_token=tokens["IdToken"],
        refresh_token=tokens["RefreshToken"],
        refreshed_access_token=refreshed["AuthenticationResult"]["AccessToken"],
    )
    sign_in_by_srp(wire, secrets, pool_id, client_id)
    sign_in_with_secret(wire, secrets, pool_id)
    be_refused(wire, client_id, tokens)
    wire.ask("RevokeToken", ClientId=client_id, Token=tokens["RefreshToken"])
    made = json.loads(server.lido("keys", "create", "--json"))
    secrets.note(access_key=made["secret_access_key"])
    operator = Wire(server, (made["access_key_id"], made["secret_access_key"]))
    operator.order("ListUserPools", MaxResults=1)
    operator.close()
    wire.close()


def add_webhook(server, secrets, pool_id):
    """Events leave for an address that is refused, of which the log speaks."""
    added = json.loads(server.lido("webhooks", "add", "--pool", pool_id, "--url", "https://127.0.0.1:1/", "--json"))
    secrets.note(webhook_secret=added["secret"], webhook_key=base64.b64decode(added["secret"].removeprefix("whsec_")))


def sign_up_and_forget(wire, server, secrets, client_id):
    whom = {"ClientId": client_id, "Username": "canary"}
    email = [{"Name": "email", "Value": EMAIL}]
    wire.ask("SignUp", **whom, Password=PASSWORD, UserAttributes=email)
    code = server.code(EMAIL)
    wire.ask("ConfirmSignUp", **whom, ConfirmationCode=code)
    wire.ask("ForgotPassword", **whom)
    reset = server.code(EMAIL)
    wire.ask("ConfirmForgotPassword", **whom, ConfirmationCode=reset, Password=SECOND)
    secrets.note(confirmation_code=code, reset_code=reset)


def sign_in_by_srp(wire, secrets, pool_id, client_id):
    arithmetic = AWSSRP(username="canary", password=THIRD, pool_id=pool_id, client_id=client_id, client=object())
    first = arithmetic.get_auth_params()
    begun = wire.ask("InitiateAuth", AuthFlow="USER_SRP_AUTH", ClientId=client_id, AuthParameters=first)
    offered = begun["ChallengeParameters"]
    proof = arithmetic.process_challenge(offered, first)
    given = {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": proof}
    tokens = wire.ask("RespondToAuthChallenge", ClientId=client_id, **given)["AuthenticationResult"]
    private = srp.x(pool_id.split("_")[1], offered["USER_ID_FOR_SRP"], THIRD, bytes.fromhex(offered["SALT"].zfill(32)))
    secrets.note(
        srp_a=first["SRP_A"],
        srp_b=offered["SRP_B"],
        srp_verifier=srp.pad(srp.verifier(private)),
        secret_block=offered["SECRET_BLOCK"],
        srp_proof=proof["PASSWORD_CLAIM_SIGNATURE"],
        refresh_token_by_srp=tokens["RefreshToken"],
    )


def sign_in_with_secret(wire, secrets, pool_id):
    """A client with a secret, and a user with a temporary password: a session string travels."""
    given = {"ClientName": "app", "GenerateSecret": True, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]}
    client = wire.order("CreateUserPoolClient", UserPoolId=pool_id, **given)["UserPoolClient"]
    grace = {"UserPoolId": pool_id, "Username": "grace"}
    wire.order("AdminCreateUser", **grace, TemporaryPassword=TEMPORARY, MessageAction="SUPPRESS")
    proof = secret_hash(client["ClientSecret"], "grace", client["ClientId"])
    given = {"USERNAME": "grace", "PASSWORD": TEMPORARY, "SECRET_HASH": proof}
    asked = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client["ClientId"], "AuthParameters": given}
    begun = wire.ask("InitiateAuth", **asked)
    answer = {"USERNAME": "grace", "NEW_PASSWORD": PASSWORD, "SECRET_HASH": proof}
    named = {"ClientId": client["ClientId"], "ChallengeName": begun["ChallengeName"]}
    wire.ask("RespondToAuthChallenge", **named, Session=begun["Session"], ChallengeResponses=answer)
    secrets.note(client_secret=client["ClientSecret"], secret_hash=proof, session=begun["Session"])


def be_refused(wire, client_id, tokens):
    """Refusals speak of what was wrong; some quote it."""
    whom = {"ClientId": client_id, "Username": "canary"}
    for operation, given in [
        ("SignUp", {"ClientId": client_id, "Username": "weak", "Password": WEAK}),
        ("SignUp", {"ClientId": client_id, "Username": "weak", "Password": [WRONG]}),
        ("SignUp", {"ClientId": client_id, "Username": "weak", "Password": WRONG * 20}),
        ("ConfirmSignUp", {**whom, "ConfirmationCode": "not a " + PASSWORD}),
        ("ConfirmForgotPassword", {**whom, "ConfirmationCode": "000000", "Password": WRONG}),
        ("ChangePassword", {"AccessToken": tokens["AccessToken"], "PreviousPassword": 1, "ProposedPassword": WRONG}),
        ("GetUser", {"AccessToken": tokens["AccessToken"] + "x"}),
        ("RespondToAuthChallenge", {"ClientId": client_id, "ChallengeName": "SMS_MFA", "Session": PASSWORD * 2}),
        ("InitiateAuth", {"ClientId": client_id, "AuthFlow": PASSWORD, "AuthParameters": {"PASSWORD": WRONG}}),
        ("SignUpp", {"Password": PASSWORD}),
    ]:
        with pytest.raises(Refused):
            wire.ask(operation, **given)
    with pytest.raises(Refused):
        sign_in(wire, client_id, "canary", WRONG)


def stored(url):
    """All that stands in the database: the bytes of its files, or its rows as text, binary columns in hex."""
    if url.startswith("sqlite"):
        file = Path(urlsplit(url).path)
        return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        asked = [sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name)) for (name,) in tables]
        return "\n".join(row[0] for rows in map(connection.execute, asked) for row in rows).encode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_no_secret_is_readable_in_log_metrics_or_database(url, tmp_path):
    secrets = Secrets(passwords=b"Canary-", weak_password=WEAK, root_secret=ROOT["root_secret_access_key"])
    secrets.note(master_key=MASTER_KEY, private_key=PRIVATE_RSA_KEY, pem="PRIVATE KEY-----")
    key = base64.b64encode(MASTER_KEY).decode()
    knobs = {"master_key": key, "log_level": "debug", "metrics_port": free_port(), **ROOT}
    with Server(tmp_path / "data", url, **knobs) as server:
        live(server, secrets)
        with urllib3.PoolManager() as http:
            metrics = http.request("GET", f"http://127.0.0.1:{knobs['metrics_port']}/metrics").data
        while_running = stored(url)
    log = server.log.read_bytes()

    assert b"lido_requests_total" in metrics
    assert b'"operation":"RespondToAuthChallenge"' in log
    assert EMAIL.encode() in while_running
    assert secrets.found_in(log) == []
    assert secrets.found_in(metrics) == []
    assert secrets.found_in(while_running) == []
    assert secrets.found_in(stored(url)) == []


def test_a_secret_in_any_of_its_forms_would_be_found():
    secrets = Secrets(password=PASSWORD, code="271828")

    assert secrets.found_in(f'"password":"{PASSWORD}"'.encode()) == ["password"]
    assert secrets.found_in(b"\\x" + PASSWORD.encode().hex().encode()) == ["password"]
    assert secrets.found_in(base64.b64encode(PASSWORD.encode())) == ["password"]
    assert secrets.found_in(b"code=271828 at 1732718281234") == ["code"]
