"""Two servers on one PostgreSQL, and two workers on one SQLite, answer as one."""

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from tests.conftest import ENGINES
from tests.databases import fresh_url
from tests.faults.wire import ROOT, Refused, Wire, make_app, make_pool, refresh, refusal, sign_in
from tests.server import Server

from lido.storage.database import connect

pytestmark = pytest.mark.slow

PASSWORD = "Passw0rd!"
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
NEXT_SECOND = 1.1


class Nodes:
    """Two servers with folders of their own, one database, one master key and one name; `a` and `b` speak to them."""

    def __init__(self, a, b):
        self.servers = (a, b)
        self.a, self.b = Wire(a), Wire(b)

    def close(self):
        self.a.close()
        self.b.close()


class Place:
    """A pool with an app and alice, made on the first node."""

    def __init__(self, nodes, **app):
        self.pool_id = make_pool(nodes.a)
        self.client_id = make_app(nodes.a, self.pool_id, **app)
        self.alice = {"UserPoolId": self.pool_id, "Username": "alice"}
        email = [{"Name": "email", "Value": "alice@example.com"}]
        nodes.a.order("AdminCreateUser", **self.alice, MessageAction="SUPPRESS", UserAttributes=email)
        nodes.a.order("AdminSetUserPassword", **self.alice, Password=PASSWORD, Permanent=True)

    def sign_in(self, wire, password=PASSWORD):
        return sign_in(wire, self.client_id, "alice", password)

    def is_alive(self, wire, tokens):
        """Whether access and refresh token work; they must agree."""
        answers = both(
            partial(wire.ask, "GetUser", AccessToken=tokens["AccessToken"]),
            partial(refresh, wire, self.client_id, tokens["RefreshToken"]),
        )
        if "NotAuthorized" in answers:
            assert answers == ["NotAuthorized", "NotAuthorized"]
            return False
        assert all(isinstance(answer, dict) for answer in answers)
        return True


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    if "postgresql" not in ENGINES:
        pytest.skip("LIDO_TEST_DATABASES leaves PostgreSQL out")
    folder = tmp_path_factory.mktemp("nodes")
    knobs = {"master_key": MASTER_KEY, "public_url": "https://people.example.com", **ROOT}
    with (
        fresh_url("postgresql", folder, migrated=False) as url,
        Server(folder / "a", url, **knobs) as a,
        Server(folder / "b", url, **knobs) as b,
    ):
        nodes = Nodes(a, b)
        yield nodes
        nodes.close()


@pytest.fixture
def place(nodes):
    return Place(nodes)


def both(*deeds):
    """The answers of deeds done at once; a refusal is an answer."""
    starting = threading.Barrier(len(deeds))

    def do(deed):
        starting.wait()
        try:
            return deed()
        except Refused as refused:
            return refused.name

    with ThreadPoolExecutor(len(deeds)) as executor:
        return list(executor.map(do, deeds))


def test_a_sign_up_on_one_is_confirmed_and_signs_in_on_the_other(nodes, place):
    email = [{"Name": "email", "Value": "bob-of-two-nodes@example.com"}]
    nodes.a.ask("SignUp", ClientId=place.client_id, Username="bob", Password=PASSWORD, UserAttributes=email)
    code = nodes.servers[1].code("bob-of-two-nodes@example.com")

    nodes.b.ask("ConfirmSignUp", ClientId=place.client_id, Username="bob", ConfirmationCode=code)

    tokens = sign_in(nodes.b, place.client_id, "bob", PASSWORD)
    assert nodes.a.ask("GetUser", AccessToken=tokens["AccessToken"])["Username"] == "bob"


def sign_out(nodes, place, tokens):
    nodes.a.ask("GlobalSignOut", AccessToken=tokens["AccessToken"])


def sign_out_by_operator(nodes, place, tokens):
    nodes.a.order("AdminUserGlobalSignOut", **place.alice)


def disable(nodes, place, tokens):
    nodes.a.order("AdminDisableUser", **place.alice)


def revoke(nodes, place, tokens):
    nodes.a.ask("RevokeToken", ClientId=place.client_id, Token=tokens["RefreshToken"])


@pytest.mark.parametrize("end", [sign_out, sign_out_by_operator, disable, revoke])
def test_a_sign_out_on_one_ends_the_tokens_on_both_at_once(nodes, place, end):
    tokens = place.sign_in(nodes.b)
    assert place.is_alive(nodes.a, tokens)
    assert place.is_alive(nodes.b, tokens)

    end(nodes, place, tokens)

    assert not place.is_alive(nodes.b, tokens)
    assert not place.is_alive(nodes.a, tokens)


def test_a_deleted_user_is_gone_on_both_at_once(nodes, place):
    tokens = place.sign_in(nodes.b)

    nodes.a.order("AdminDeleteUser", **place.alice)

    assert refusal(nodes.b.ask, "GetUser", AccessToken=tokens["AccessToken"]) == "UserNotFound"
    assert refusal(refresh, nodes.b, place.client_id, tokens["RefreshToken"]) == "NotAuthorized"
    assert refusal(place.sign_in, nodes.b) in ("UserNotFound", "NotAuthorized")


def test_a_new_password_on_one_is_the_password_on_the_other(nodes, place):
    place.sign_in(nodes.b)

    nodes.a.order("AdminSetUserPassword", **place.alice, Password="An0ther!one", Permanent=True)

    assert refusal(place.sign_in, nodes.b) == "NotAuthorized"
    assert place.sign_in(nodes.b, "An0ther!one")


def test_settings_changed_on_one_hold_for_the_next_request_on_the_other(nodes, place):
    place.sign_in(nodes.b)
    short = {"AccessTokenValidity": 7, "TokenValidityUnits": {"AccessToken": "minutes"}}
    here = {"UserPoolId": place.pool_id, "ClientId": place.client_id}
    nodes.a.order("UpdateUserPoolClient", **here, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"], **short)

    assert int(place.sign_in(nodes.b)["ExpiresIn"]) == 7 * 60

    nodes.b.order("UpdateUserPool", UserPoolId=place.pool_id, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})

    given = {"ClientId": place.client_id, "Username": "carol", "Password": PASSWORD}
    assert refusal(nodes.a.ask, "SignUp", **given) == "NotAuthorized"


def test_a_client_deleted_on_one_lets_nobody_in_on_the_other(nodes, place):
    tokens = place.sign_in(nodes.b)

    nodes.a.order("DeleteUserPoolClient", UserPoolId=place.pool_id, ClientId=place.client_id)

    assert refusal(place.sign_in, nodes.b) == "ResourceNotFound"
    assert refusal(refresh, nodes.b, place.client_id, tokens["RefreshToken"]) == "ResourceNotFound"
    assert refusal(nodes.b.ask, "GetUser", AccessToken=tokens["AccessToken"]) == "NotAuthorized"


def test_guesses_on_both_are_counted_together(nodes, place):
    wires = [nodes.a, nodes.b, nodes.a, nodes.b, nodes.a]
    assert [refusal(place.sign_in, wire, "wrong") for wire in wires] == ["NotAuthorized"] * 5

    with pytest.raises(Refused, match="Password attempts exceeded"):
        place.sign_in(nodes.b)


def test_guesses_at_once_on_both_gain_nothing(nodes, place):
    answers = both(*(partial(place.sign_in, wire, "wrong") for wire in [nodes.a, nodes.b] * 8))

    assert set(answers) == {"NotAuthorized"}
    with pytest.raises(Refused, match="Password attempts exceeded"):
        place.sign_in(nodes.b)
    refused = [event for event in events(nodes, place) if event == "refused"]
    assert len(refused) <= 6


def test_together_they_exceed_a_rate_by_at_most_a_fifth_in_any_second(nodes, place):
    rate, lasting_seconds = 40, 8
    nodes.servers[0].lido("limits", "set", place.pool_id, "UserRead", str(rate))
    token = place.sign_in(nodes.a)["AccessToken"]
    threading.Event().wait(NEXT_SECOND)
    answered, refusals = [], set()
    until = time.monotonic() + lasting_seconds

    def ask(number):
        wire = (nodes.a, nodes.b)[number % 2]
        # One of them begins later: by then the other has the whole rate.
        while (now := time.monotonic()) < until:
            if number % 2 and now < until - lasting_seconds * 2 / 3:
                threading.Event().wait(0.05)
                continue
            try:
                wire.ask("GetUser", AccessToken=token)
                answered.append((now, time.monotonic(), number % 2))
            except Refused as refused:
                refusals.add((refused.name, refused.sentence))
            threading.Event().wait(0.01)

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(ask, range(8)))

    assert refusals == {("TooManyRequests", "Rate exceeded")}
    # A request was counted between its beginning and its end.
    most = max(sum(begun <= one and ended < begun + 1 for one, ended, _ in answered) for begun, _, _ in answered)
    assert most <= rate * 1.2
    assert len(answered) >= rate * lasting_seconds * 0.6
    lately = [sum(begun > until - 2 and by == node for begun, _, by in answered) for node in (0, 1)]
    assert min(lately) >= rate / 2, "both get their part"
    shown = json.loads(nodes.servers[1].lido("limits", "--pool", place.pool_id, "--json"))
    line = next(line for line in shown if line["category"] == "UserRead")
    assert line["rate"] == rate
    assert line["refused"] > 0


def events(nodes, place):
    """Kinds of what was told about alice."""
    sub = nodes.a.order("AdminGetUser", **place.alice)["UserAttributes"]
    sub = next(a["Value"] for a in sub if a["Name"] == "sub")
    database = connect(nodes.servers[0].database, connections=1)
    try:
        with database.read() as tx:
            rows = tx.rows("SELECT kind FROM events WHERE pool_id = :p AND sub = :s", p=place.pool_id, s=sub)
    finally:
        database.close()
    return [row[0] for row in rows]


def test_one_code_shown_to_both_at_once_is_good_once(nodes, place):
    for round_ in range(5):
        name, address = f"dora{round_}", f"dora{round_}-of-two-nodes@example.com"
        email = [{"Name": "email", "Value": address}]
        nodes.a.ask("SignUp", ClientId=place.client_id, Username=name, Password=PASSWORD, UserAttributes=email)
        given = {"ClientId": place.client_id, "Username": name, "ConfirmationCode": nodes.servers[0].code(address)}

        answers = both(partial(nodes.a.ask, "ConfirmSignUp", **given), partial(nodes.b.ask, "ConfirmSignUp", **given))

        assert [answer for answer in answers if answer == {}] == [{}]
        assert {answer for answer in answers if answer != {}} <= {"ExpiredCode", "CodeMismatch", "NotAuthorized"}


def test_one_name_signed_up_on_both_at_once_is_one_user(nodes, place):
    for round_ in range(5):
        given = {"ClientId": place.client_id, "Username": f"eve{round_}", "Password": PASSWORD}
        answers = both(partial(nodes.a.ask, "SignUp", **given), partial(nodes.b.ask, "SignUp", **given))

        assert answers.count("UsernameExists") == 1


def test_a_token_rotated_on_both_at_once_ends_at_one_living_token(nodes):
    place = Place(nodes, grace_seconds=60)
    for _ in range(5):
        token = place.sign_in(nodes.a)["RefreshToken"]

        given = both(*(partial(refresh, wire, place.client_id, token) for wire in [nodes.a, nodes.b] * 2))

        assert all(isinstance(answer, dict) for answer in given)
        newest = [refresh(nodes.a, place.client_id, answer["RefreshToken"])["RefreshToken"] for answer in given]
        assert all(refresh(nodes.b, place.client_id, token)["RefreshToken"] for token in newest)
    assert "token_reused" not in events(nodes, place)


def test_a_token_rotated_without_grace_on_both_at_once_is_good_once(nodes):
    place = Place(nodes, grace_seconds=0)
    for _ in range(5):
        token = place.sign_in(nodes.a)["RefreshToken"]

        given = both(*(partial(refresh, wire, place.client_id, token) for wire in (nodes.a, nodes.b)))

        assert sum(isinstance(answer, dict) for answer in given) == 1
        assert {answer for answer in given if isinstance(answer, str)} <= {"RefreshTokenReuse", "NotAuthorized"}


def test_one_challenge_answered_on_both_at_once_is_answered_once(nodes, place):
    nodes.a.order("AdminSetUserPassword", **place.alice, Password="Temp0rary!", Permanent=False)
    given = {"USERNAME": "alice", "PASSWORD": "Temp0rary!"}
    begun = nodes.a.ask("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", ClientId=place.client_id, AuthParameters=given)
    assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    answer = {
        "ClientId": place.client_id,
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": begun["Session"],
        "ChallengeResponses": {"USERNAME": "alice", "NEW_PASSWORD": PASSWORD},
    }

    answers = both(*(partial(wire.ask, "RespondToAuthChallenge", **answer) for wire in (nodes.a, nodes.b)))

    assert sum(isinstance(answer, dict) for answer in answers) == 1


def test_an_access_key_of_one_works_on_the_other_until_it_is_revoked(nodes):
    a, b = nodes.servers
    made = json.loads(a.lido("keys", "create", "--json", "--name", "two-nodes"))
    key = (made["access_key_id"], made["secret_access_key"])
    operator = Wire(b, key)

    assert operator.order("ListUserPools", MaxResults=1)["UserPools"]

    a.lido("keys", "revoke", key[0])
    threading.Event().wait(NEXT_SECOND)
    assert refusal(operator.order, "ListUserPools", MaxResults=1) == "UnrecognizedClient"
    operator.close()


def start_at_once(*servers):
    """What each start came to: None, or what the server said when it refused."""

    def start(server):
        try:
            server.start()
        except AssertionError as refused:
            return str(refused)
        return None

    with ThreadPoolExecutor(len(servers)) as executor:
        return list(executor.map(start, servers))


def test_two_nodes_that_begin_at_once_settle_on_one_master_key(postgresql, tmp_path):
    servers = [Server(tmp_path / name, postgresql) for name in ("a", "b")]

    said = start_at_once(*servers)

    try:
        assert sum(one is None for one in said) == 1
        refused = said.index(next(one for one in said if one is not None))
        assert "The database is sealed with master key" in said[refused]
        assert "Restore that file from its backup, or name the right one with --master-key-file." in said[refused]
        # Nothing stays behind that would hinder the next start, once it is given the key.
        winner, loser = servers[1 - refused], servers[refused]
        assert not (loser.data_dir / "master.key").exists()
        (loser.data_dir / "master.key").write_bytes((winner.data_dir / "master.key").read_bytes())
        loser.start()
        wires = [Wire(server, winner.credentials()) for server in servers]
        assert make_pool(wires[0]) in {
            pool["Id"] for pool in wires[1].order("ListUserPools", MaxResults=5)["UserPools"]
        }
        for wire in wires:
            wire.close()
    finally:
        for server in servers:
            server.stop()


def test_two_nodes_that_begin_at_once_with_one_master_key_both_serve(postgresql, tmp_path):
    servers = [Server(tmp_path / name, postgresql, master_key=MASTER_KEY) for name in ("a", "b")]

    try:
        assert start_at_once(*servers) == [None, None]
        # One of them made the root key; the other did not leave a file that opens nothing.
        written = [server.credentials() for server in servers if (server.data_dir / "credentials").exists()]
        assert len(written) == 1
        for server in servers:
            wire = Wire(server, written[0])
            assert make_pool(wire)
            wire.close()
    finally:
        for server in servers:
            server.stop()


def test_two_workers_on_one_sqlite_answer_as_one(tmp_path):
    database = f"sqlite:///{tmp_path}/lido.db"
    with Server(tmp_path / "data", database, "--workers", "2", **ROOT) as server:
        # Each connection ends at one of the workers, so many connections reach both.
        wires = [Wire(server) for _ in range(8)]
        pool_id = make_pool(wires[0])
        client_id = make_app(wires[0], pool_id)
        for number, wire in enumerate(wires):
            given = {"ClientId": client_id, "Username": f"user{number}", "Password": PASSWORD}
            wires[number - 1].ask("SignUp", **given)
            wire.order("AdminConfirmSignUp", UserPoolId=pool_id, Username=f"user{number}")
            tokens = [sign_in(other, client_id, f"user{number}", PASSWORD) for other in wires]
            wire.ask("GlobalSignOut", AccessToken=tokens[0]["AccessToken"])
            for other, given in zip(wires, tokens, strict=True):
                assert refusal(other.ask, "GetUser", AccessToken=given["AccessToken"]) == "NotAuthorized"
                assert refusal(refresh, other, client_id, given["RefreshToken"]) == "NotAuthorized"
        for wire in wires:
            wire.close()
        assert server.log.read_text("utf-8").count(" ready, process ") == 2


class Apps:
    """A pool with an OAuth app whose people sign in at the pages of either node."""

    CALLBACK = "https://app.example.com/callback"
    CSRF = "8f14e45f-ceea-467f-a8b5-0ae1b7c9b1a2"

    def __init__(self, nodes):
        oauth = {
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid"],
            "CallbackURLs": [self.CALLBACK],
            "SupportedIdentityProviders": ["COGNITO"],
        }
        self.place = Place(nodes, **oauth)
        self.path = f"/{self.place.pool_id}"

    def code(self, wire):
        """What the browser brings back after alice signed in at that node."""
        query = urlencode({"client_id": self.place.client_id, "response_type": "code", "redirect_uri": self.CALLBACK})
        form = {"_csrf": self.CSRF, "username": "alice", "password": PASSWORD}
        status, headers, _ = wire.post_form(f"{self.path}/login?{query}", form, {"XSRF-TOKEN": self.CSRF})
        assert status == 302
        return dict(parse_qsl(urlsplit(headers["location"]).query))["code"]

    def redeem(self, wire, code):
        """Status and answer of the token endpoint."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.CALLBACK}
        status, _, body = wire.post_form(f"{self.path}/oauth2/token", {"client_id": self.place.client_id, **form})
        return status, json.loads(body)


def test_a_code_of_one_is_redeemed_on_the_other_once_of_fifty_tries_at_once(nodes):
    apps = Apps(nodes)
    code = apps.code(nodes.a)

    answers = both(*(partial(apps.redeem, nodes.b if n % 5 else nodes.a, code) for n in range(50)))

    assert sorted(status for status, _ in answers) == [200] + 49 * [400]
    assert all(answer == {"error": "invalid_grant"} for status, answer in answers if status == 400)
    winner = next(answer for status, answer in answers if status == 200)
    form = {"grant_type": "refresh_token", "client_id": apps.place.client_id, "refresh_token": winner["refresh_token"]}
    assert nodes.a.post_form(f"{apps.path}/oauth2/token", form)[0] == 400, "whoever used it again ended it"


def test_a_code_of_one_gives_tokens_on_the_other(nodes):
    apps = Apps(nodes)

    status, told = apps.redeem(nodes.b, apps.code(nodes.a))

    assert (status, set(told)) == (200, {"access_token", "id_token", "refresh_token", "token_type", "expires_in"})
