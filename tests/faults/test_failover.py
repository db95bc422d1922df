"""A second region takes over, as docs/replicas.md tells it: what was acknowledged and had arrived there, stands."""

import base64
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import urllib3
from tests.conftest import ENGINES
from tests.faults.load import Crowd
from tests.faults.standby import primary_and_standby, wait_until
from tests.faults.test_kills import SEED, codes, require_whole
from tests.faults.wire import BUSY, ROOT, Wire, make_app, make_pool, refresh, refusal, sign_in
from tests.mail_server import mail_server
from tests.server import Server

pytestmark = pytest.mark.slow

PASSWORD = "Passw0rd!"
NEW_PASSWORD = "An0ther one!"
PUBLIC_URL = "https://people.example.com"
SHARED = {
    "master_key": base64.b64encode(bytes(range(32))).decode(),
    "public_url": PUBLIC_URL,
    **ROOT,
    **BUSY,
}

SENT = "SELECT count(*) FROM messages WHERE sent_at IS NOT NULL"
TRIED = "SELECT count(*) FROM messages WHERE sent_at IS NULL AND last_error IS NOT NULL"


@pytest.fixture
def regions(tmp_path):
    """The database of the first region, and that of the second, which follows it."""
    if "postgresql" not in ENGINES:
        pytest.skip("LIDO_TEST_DATABASES leaves PostgreSQL out")
    with primary_and_standby() as (first, second):
        yield first, second


class Place:
    """A pool with an app, and what its people do."""

    def __init__(self, wire):
        self.wire = wire
        self.pool_id = make_pool(wire)
        self.client_id = make_app(wire, self.pool_id)

    def join(self, name):
        email = [{"Name": "email", "Value": f"{name}@example.com"}]
        self.wire.ask("SignUp", ClientId=self.client_id, Username=name, Password=PASSWORD, UserAttributes=email)
        self.wire.order("AdminConfirmSignUp", UserPoolId=self.pool_id, Username=name)

    def add(self, name):
        user = {"UserPoolId": self.pool_id, "Username": name}
        email = [{"Name": "email", "Value": f"{name}@example.com"}, {"Name": "email_verified", "Value": "true"}]
        self.wire.order("AdminCreateUser", **user, MessageAction="SUPPRESS", UserAttributes=email)
        self.wire.order("AdminSetUserPassword", **user, Password=PASSWORD, Permanent=True)

    def sign_in(self, name, password=PASSWORD):
        return sign_in(self.wire, self.client_id, name, password)

    def start_to_sign_in(self, name):
        """The `Session` of somebody whose password is a temporary one."""
        self.wire.order(
            "AdminCreateUser",
            UserPoolId=self.pool_id,
            Username=name,
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
        )
        answer = self.wire.ask(
            "InitiateAuth",
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        return answer["Session"]

    def go_on(self, name, session):
        answer = self.wire.ask(
            "RespondToAuthChallenge",
            ClientId=self.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session,
            ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": NEW_PASSWORD},
        )
        return answer["AuthenticationResult"]

    def forget(self, name):
        self.wire.ask("ForgotPassword", ClientId=self.client_id, Username=name)

    def keys(self):
        url = f"http://127.0.0.1:{self.wire.port}/{self.pool_id}/.well-known/jwks.json"
        return urllib3.request("GET", url, retries=False).json()


def promote(standby):
    assert standby.ask("SELECT pg_promote()") is True


def refuses(server, *arguments):
    """What a command says that must fail."""
    done = subprocess.run(
        [sys.executable, "-m", "lido", *arguments], env=server.environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    return done.stdout, done.stderr.splitlines()


def test_what_the_standby_had_replayed_goes_on_in_the_second_region(regions, tmp_path):
    first, second = regions
    with mail_server() as post, Server(tmp_path / "a", first.url, **SHARED, smtp_url=post.url) as a:
        place = Place(Wire(a))
        for name in ("alice", "bob", "carol"):
            place.add(name)
        place.forget("alice")
        wait_until(lambda: first.ask(SENT) == 1, "not sent")
        post.says = "451 Not now"
        place.forget("bob")
        wait_until(lambda: first.ask(TRIED), "not tried")
        staying, leaving, revoked = place.sign_in("alice"), place.sign_in("bob"), place.sign_in("carol")
        session = place.start_to_sign_in("dave")
        place.wire.ask("GlobalSignOut", AccessToken=leaving["AccessToken"])
        place.wire.ask("RevokeToken", ClientId=place.client_id, Token=revoked["RefreshToken"])
        keys = place.keys()
        wait_until(first.is_followed, "not replayed")
        first.kill()
        a.kill()
        place.wire.close()

        promote(second)
        post.says = "250 OK"
        post.taken.clear()
        with Server(tmp_path / "b", second.url, **SHARED, smtp_url=post.url, port=a.port) as b:
            place.wire = Wire(b)
            assert place.keys() == keys
            key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(staying["AccessToken"])["kid"]]
            claims = jwt.decode(
                staying["AccessToken"], key, algorithms=["RS256"], issuer=f"{PUBLIC_URL}/{place.pool_id}"
            )
            assert claims["username"] == "alice"
            assert place.wire.ask("GetUser", AccessToken=staying["AccessToken"])["Username"] == "alice"
            refresh(place.wire, place.client_id, staying["RefreshToken"])
            for ended in (leaving, revoked):
                assert refusal(place.wire.ask, "GetUser", AccessToken=ended["AccessToken"]) == "NotAuthorized"
                assert refusal(refresh, place.wire, place.client_id, ended["RefreshToken"]) == "NotAuthorized"
            for name in ("alice", "bob", "carol"):
                place.sign_in(name)
            place.go_on("dave", session)
            place.sign_in("dave", NEW_PASSWORD)
            assert refusal(place.go_on, "dave", session) == "NotAuthorized", "a Session is good once"
            wait_until(lambda: second.ask(SENT) == 2, "what waited is not sent")
            place.wire.close()
        assert [to for _, to, _ in post.taken] == [["bob@example.com"]], "what waited is sent once, and nothing again"
        assert '"event":"bug"' not in b.log.read_text("utf-8")


def test_nothing_acknowledged_is_lost_where_commits_wait_for_the_standby(regions, tmp_path, capsys):
    first, second = regions
    first.commit_on("second")
    moment = threading.Event()
    with Server(tmp_path / "a", first.url, **SHARED) as a:
        wire = Wire(a)
        with Crowd(wire, SEED) as crowd:
            moment.wait(1)
            first.kill()
            a.kill()
            crowd.up.clear()
            before = dict(crowd.figures)
            promote(second)
            with Server(tmp_path / "b", second.url, **SHARED, port=a.port) as b:
                crowd.up.set()
                moment.wait(0.5)
                crowd.finish()
                crowd.check(codes(b))
                assert '"event":"bug"' not in b.log.read_text("utf-8")
        wire.close()
    require_whole(second.url)
    assert before["sign-ups"]
    with capsys.disabled():
        print(f"\nuntil the failover: {before}; after it: {dict(crowd.figures)}")


def test_what_had_not_arrived_is_lost_as_a_whole_a_sign_out_too(regions, tmp_path):
    first, second = regions
    with Server(tmp_path / "a", first.url, **SHARED) as a:
        place = Place(Wire(a))
        place.join("alice")
        tokens = place.sign_in("alice")
        wait_until(first.is_followed, "not replayed")
        second.stop()
        place.join("bob")
        place.wire.ask("GlobalSignOut", AccessToken=tokens["AccessToken"])
        first.kill()
        a.kill()
        place.wire.close()
    second.start()
    promote(second)
    with Server(tmp_path / "b", second.url, **SHARED) as b:
        place.wire = Wire(b)
        refresh(place.wire, place.client_id, tokens["RefreshToken"])
        place.wire.order("AdminUserGlobalSignOut", UserPoolId=place.pool_id, Username="alice")
        assert refusal(refresh, place.wire, place.client_id, tokens["RefreshToken"]) == "NotAuthorized"
        place.join("bob")
        place.sign_in("bob")
        place.wire.close()
    require_whole(second.url)


def test_lido_does_not_start_on_a_standby_and_says_why(regions, tmp_path):
    first, second = regions
    b = Server(tmp_path / "b", second.url, **SHARED)
    sentence = "Error: The database is a standby (in recovery): it follows a primary and cannot be written."

    _, said = refuses(b, "serve", "--port", "0")
    assert said[-1].startswith(sentence)
    assert not (tmp_path / "b" / "master.key").exists()

    with Server(tmp_path / "a", first.url, **SHARED):
        pass
    wait_until(first.is_followed, "not replayed")
    _, said = refuses(b, "serve", "--port", "0", "--workers", "2")
    assert said[-1].startswith(sentence)
    assert len(said) == 2, "where the database is, and why not"
    found, said = refuses(b, "doctor")
    assert found.count("WRONG") == 1
    assert "The database is a standby" in found
    assert "fits" in found, "the master key is looked at all the same"


def test_a_node_whose_database_became_a_standby_is_not_ready(regions, tmp_path):
    first, _ = regions
    with Server(tmp_path / "a", first.url, **SHARED) as a:

        def readiness():
            answer = urllib3.request("GET", f"http://127.0.0.1:{a.port}/readyz", retries=False)
            return answer.status, answer.json()["status"]

        assert readiness() == (200, "ready")
        first.stop()
        (first.data / "standby.signal").touch()
        first.start()
        wait_until(lambda: readiness() == (503, "the database is a standby"), "it seems ready")
        promote(first)
        wait_until(lambda: readiness() == (200, "ready"), "it is not ready again")


def test_a_write_waits_while_the_standby_is_away_and_reads_do_not(regions, tmp_path):
    first, second = regions
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    with Server(tmp_path / "a", first.url, **SHARED) as a, ThreadPoolExecutor(1) as elsewhere:
        place = Place(Wire(a))
        place.join("alice")
        tokens = place.sign_in("alice")
        first.commit_on("second")
        second.stop()
        sign_in = elsewhere.submit(place.sign_in, "alice")
        wait_until(lambda: first.ask(waiting), "nobody waits")
        place.wire.ask("GetUser", AccessToken=tokens["AccessToken"])
        assert place.wire.get("/readyz") == 200
        assert not sign_in.done()
        second.start()
        sign_in.result()
        place.wire.close()


def test_a_node_that_knows_both_databases_goes_on_with_the_one_that_is_promoted(regions, tmp_path):
    first, second = regions
    first.commit_on("second")
    both = f"postgresql://lido@/postgres?host={first.folder},{second.folder}&port={first.port},{second.port}"
    moment = threading.Event()
    with Server(tmp_path / "a", f"{both}&target_session_attrs=read-write", **SHARED) as a:
        wire = Wire(a)
        with Crowd(wire, SEED) as crowd:
            moment.wait(1)
            first.kill()
            promote(second)
            before = crowd.figures["sign-ups"]
            wait_until(lambda: crowd.figures["sign-ups"] > before + 5, "nobody signs up any more")
            crowd.finish()
        crowd.check(codes(a))
        wire.close()
        assert '"event":"bug"' not in a.log.read_text("utf-8")
    require_whole(second.url)


def test_the_former_primary_follows_and_takes_over_again(regions, tmp_path):
    first, second = regions
    with Server(tmp_path / "a", first.url, **SHARED) as a:
        place = Place(Wire(a))
        place.join("alice")
        wait_until(first.is_followed, "not replayed")
        second.stop()
        place.join("nobody")
        first.kill()
        a.kill()
        place.wire.close()
        second.start()
        promote(second)
        with Server(tmp_path / "b", second.url, **SHARED) as b:
            place.wire = Wire(b)
            first.rewind(second)
            first.start()
            place.join("bob")
            wait_until(second.is_followed, "the former primary does not stream")
            b.stop()
            place.wire.close()
        second.stop()
        promote(first)
        a.start()
        place.wire = Wire(a)
        place.sign_in("alice")
        place.sign_in("bob")
        missing = {"UserPoolId": place.pool_id, "Username": "nobody"}
        assert refusal(place.wire.order, "AdminGetUser", **missing) == "UserNotFound"
        place.wire.close()
    require_whole(first.url)
