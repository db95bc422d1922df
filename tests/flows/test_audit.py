import msgspec
import pytest
from botocore.exceptions import ClientError
from tests.world import ROOT_ID

from lido import errors
from lido.flows import audit, audit_reading
from lido.flows.audit import Deed
from lido.flows.events import Fact, tell

READER_ID, READER_SECRET = "AKIAREADREADREADREAD", "secret-of-the-reader-in-tests"
DEED = Deed("arn:somebody", "lido try", "p")


@pytest.fixture
def pool_id(house):
    return house.pool()


@pytest.fixture
def entries(house, pool_id):
    """Asks what was entered since the last time; what made the pool is left out."""
    seen = {entry.id for entry in every(house)}

    def since():
        fresh = [entry for entry in every(house) if entry.id not in seen]
        seen.update(entry.id for entry in fresh)
        return fresh

    return since


def every(house):
    return list(audit_reading.every(house.call(), pool_id=None, since_at=0))


def told(entry, *names):
    return [getattr(entry, name, None) or entry.body.get(name) for name in names]


def test_an_entry_says_who_did_what_when_where_and_with_which_key(house, pool_id, entries):
    sub = sub_of(house, pool_id, house.user(pool_id, "alice"))
    entries()
    house.clock.advance(seconds=1)
    house.idp.admin_disable_user(UserPoolId=pool_id, Username="alice")
    [entry] = entries()
    assert told(entry, "actor", "operation", "pool_id") == [
        "arn:aws:iam::000000000000:root",
        "AdminDisableUser",
        pool_id,
    ]
    request_id, agent = entry.body.pop("request_id"), entry.body.pop("agent")
    assert len(request_id) == 36
    assert "Boto3" in agent
    assert entry.body == {
        "at": house.clock.now(),
        "outcome": "success",
        "sub": sub,
        "facts": ["disabled"],
        "address": "203.0.113.7",
        "access_key_id": ROOT_ID,
        "region": "us-east-1",
    }


def sub_of(house, pool_id, username):
    attributes = house.idp.admin_get_user(UserPoolId=pool_id, Username=username)["UserAttributes"]
    return next(each["Value"] for each in attributes if each["Name"] == "sub")


def test_everything_that_an_operator_changes_leaves_one_entry(house, pool_id, entries):
    idp, pool = house.idp, {"UserPoolId": pool_id}
    user = {**pool, "Username": "alice"}
    arn = idp.describe_user_pool(**pool)["UserPool"]["Arn"]
    client = {**pool, "ClientId": house.app(pool_id, GenerateSecret=True)["ClientId"]}
    entries()
    deeds = [
        (idp.create_group, {**pool, "GroupName": "staff"}),
        (idp.admin_create_user, {**user, "MessageAction": "SUPPRESS"}),
        (idp.admin_set_user_password, {**user, "Password": "Passw0rd!", "Permanent": True}),
        (idp.admin_add_user_to_group, {**user, "GroupName": "staff"}),
        (idp.admin_update_user_attributes, {**user, "UserAttributes": [{"Name": "name", "Value": "Alice"}]}),
        (idp.admin_user_global_sign_out, user),
        (idp.tag_resource, {"ResourceArn": arn, "Tags": {"team": "one"}}),
        (idp.untag_resource, {"ResourceArn": arn, "TagKeys": ["team"]}),
        (idp.update_user_pool, {**pool, "AutoVerifiedAttributes": ["email"]}),
        (idp.set_user_pool_mfa_config, {**pool, "MfaConfiguration": "OFF"}),
        (idp.update_user_pool_client, {**client, "ClientName": "other"}),
        (idp.add_user_pool_client_secret, client),
        (idp.describe_user_pool_client, client),
        (idp.admin_delete_user, user),
        (idp.delete_user_pool_client, client),
        (idp.delete_user_pool, pool),
    ]
    for method, arguments in deeds:
        answer = method(**arguments)
        [entry] = entries()
        assert entry.operation == method.__name__.title().replace("_", "")
        assert entry.pool_id == pool_id
        assert entry.body["outcome"] == "success"
        assert entry.body["request_id"] == answer["ResponseMetadata"]["RequestId"]


def test_what_only_looks_leaves_none(house, pool_id, entries):
    house.user(pool_id)
    entries()
    house.idp.admin_get_user(UserPoolId=pool_id, Username="alice")
    house.idp.list_users(UserPoolId=pool_id)
    house.idp.describe_user_pool(UserPoolId=pool_id)
    assert entries() == []


def test_signing_a_user_in_is_the_users_act(house, pool_id, entries):
    client_id = house.app(pool_id)["ClientId"]
    house.user(pool_id)
    entries()
    house.idp.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": "Passw0rd!"},
    )
    assert entries() == []


def test_what_the_policy_denies_is_entered_reads_too(house, pool_id, entries):
    house.access_key(READER_ID, READER_SECRET, deny(), operator_id="reader")
    reader = house.boto(READER_ID, READER_SECRET)
    for method in (reader.admin_delete_user, reader.admin_get_user):
        with pytest.raises(ClientError, match="not authorized"):
            method(UserPoolId=pool_id, Username="nobody@example.com")
    denied = entries()
    assert [told(entry, "operation", "outcome", "access_key_id", "pool_id") for entry in denied] == [
        ["AdminDeleteUser", "AccessDeniedException", READER_ID, pool_id],
        ["AdminGetUser", "AccessDeniedException", READER_ID, pool_id],
    ]
    assert "nobody" not in repr(denied)


def deny():
    return '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "x:Y", "Resource": "*"}]}'


def test_a_refusal_is_entered_by_its_name_and_never_repeats_what_was_typed(house, pool_id, entries):
    with pytest.raises(ClientError, match="UserNotFound"):
        house.idp.admin_delete_user(UserPoolId=pool_id, Username="typed-a-password")
    with pytest.raises(ClientError, match="InvalidParameter"):
        house.idp.create_group(UserPoolId=pool_id, GroupName="a b\x07c")
    first, second = entries()
    assert told(first, "operation", "outcome") == ["AdminDeleteUser", "UserNotFoundException"]
    assert told(second, "operation", "outcome") == ["CreateGroup", "InvalidParameterException"]
    assert "typed-a-password" not in repr(first)
    assert "\x07" not in repr(second)


def test_a_refusal_about_a_user_names_the_sub(house, pool_id, entries):
    sub = sub_of(house, pool_id, house.user(pool_id, email="alice@example.com"))
    entries()
    with pytest.raises(ClientError, match="InvalidPassword"):
        house.idp.admin_set_user_password(UserPoolId=pool_id, Username="alice", Password="short")
    [entry] = entries()
    assert told(entry, "outcome", "sub") == ["InvalidPasswordException", sub]


def test_no_secret_and_no_value_is_in_the_trail(house, pool_id, entries):
    secret = house.app(pool_id, GenerateSecret=True)["ClientSecret"]
    house.user(pool_id, "alice", "Very-Secret-1", email="alice@example.com", name="Alice Liddell")
    house.idp.admin_update_user_attributes(
        UserPoolId=pool_id, Username="alice", UserAttributes=[{"Name": "name", "Value": "Somebody Else"}]
    )
    found = entries()
    assert found[-1].body["names"] == ["name"]
    for value in (secret, "Very-Secret-1", "alice@example.com", "Liddell", "Somebody Else", "alice"):
        assert value not in repr(found)


def test_a_request_without_a_valid_signature_leaves_none(house, pool_id, entries):
    with pytest.raises(ClientError, match="InvalidSignature"):
        house.boto(ROOT_ID, "not-the-secret-of-root").delete_user_pool(UserPoolId=pool_id)
    with pytest.raises(ClientError):
        house.idp_unsigned.delete_user_pool(UserPoolId=pool_id)
    assert entries() == []


def test_the_entry_stands_in_the_transaction_of_the_act(house):
    with audit.attended(house.call(), DEED) as call:
        with call.db.write() as tx:
            tell(call, tx, "p", "pool_changed", fact=Fact(names=["a"]))
        [entry] = every(house)
    assert [entry] == every(house)
    assert told(entry, "operation", "facts", "names") == ["lido try", ["pool_changed"], ["a"]]


def test_an_act_that_is_rolled_back_leaves_no_entry(house):
    with pytest.raises(ZeroDivisionError):
        with audit.attended(house.call(), DEED) as call:
            with call.db.write() as tx:
                tell(call, tx, "p", "pool_changed")
                raise ZeroDivisionError
    assert every(house) == []


def test_an_act_that_is_tried_again_is_entered_once_and_as_it_was_at_last(house):
    with audit.attended(house.call(), DEED) as call:
        with pytest.raises(ZeroDivisionError):
            with call.db.write() as tx:
                tell(call, tx, "p", "pool_changed", fact=Fact(names=["first"]))
                raise ZeroDivisionError
        with call.db.write() as tx:
            tx.row("SELECT 1")
        with call.db.write() as tx:
            tell(call, tx, "p", "pool_changed", fact=Fact(names=["second"]))
    [entry] = every(house)
    assert entry.body["names"] == ["second"]


def test_what_is_refused_after_a_part_was_done_leaves_two_entries(house):
    with pytest.raises(errors.LimitExceeded):
        with audit.attended(house.call(), DEED) as call:
            with call.db.write() as tx:
                tell(call, tx, "p", "pool_changed")
            raise errors.LimitExceeded
    done, refused = every(house)
    assert (done.body["outcome"], refused.body["outcome"]) == ("success", "LimitExceededException")
    assert done.body["request_id"] == refused.body["request_id"]


def test_an_act_whose_entry_cannot_be_written_is_rolled_back(house, database):
    broken = msgspec.structs.replace(DEED, actor=None)
    with pytest.raises(Exception, match=r"(?i)not.null"):
        with audit.attended(house.call(), broken) as call:
            with call.db.write() as tx:
                tell(call, tx, "p", "pool_changed")
    with database.read() as tx:
        assert tx.row("SELECT count(*) FROM events WHERE kind = 'pool_changed'") == (0,)
