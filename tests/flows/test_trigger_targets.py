"""Functions are registered by name, stand in a pool's LambdaConfig as ARNs, and are found by them."""

import base64
import json

import msgspec
import pytest

from lido import errors
from lido.flows import trigger_targets
from lido.flows.trigger_targets import Wish
from lido.storage import pools

ARN = "arn:aws:lambda:us-east-1:000000000000:function:{}"
FOREIGN = "arn:aws:lambda:us-east-1:123456789012:function:theirs:live"
KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"


def url(name="hook", **settings):
    return Wish(name=name, kind="url", address="https://hooks.example.com/", **settings)


def handler(name="app", **settings):
    return Wish(name=name, kind="handler", address="app.handler", folder="/srv/app", **settings)


def register(house, pool_id, trigger="PreSignUp", wish=None, **settings):
    return trigger_targets.register(house.call(), pool_id, trigger, wish or url(), **settings)


def config(house, pool_id):
    return house.idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["LambdaConfig"]


def events_told(house, pool_id):
    with house.database.read() as tx:
        rows = tx.rows("SELECT body FROM events WHERE pool_id = :pool AND kind = 'pool_changed'", pool=pool_id)
    return [json.loads(body) for (body,) in rows]


def test_a_registered_function_stands_in_the_pool_as_an_arn_and_is_found_by_it(house):
    pool_id = house.pool()

    made = register(house, pool_id)

    assert made.arn == ARN.format("hook")
    assert config(house, pool_id) == {"PreSignUp": made.arn}
    found = trigger_targets.target(house.call(), made.arn)
    assert (found.name, found.kind, found.address) == ("hook", "url", "https://hooks.example.com/")
    assert made.secret == "whsec_" + base64.b64encode(found.secret).decode()
    assert len(found.secret) == 32
    told = events_told(house, pool_id)
    assert [(event["operation"], event["names"]) for event in told] == [("lido triggers add", ["LambdaConfig"])]


def test_the_functions_version_alias_region_and_account_do_not_matter(house):
    register(house, house.pool())

    for arn in ("arn:aws:lambda:eu-west-1:123456789012:function:hook", f"{ARN.format('hook')}:live"):
        found = trigger_targets.target(house.call(), arn)
        assert (found.kind, found.arn) == ("url", arn)


def test_an_arn_of_another_name_is_aws_lambdas(house):
    found = trigger_targets.target(house.call(), FOREIGN)

    assert (found.kind, found.name, found.address, found.region) == ("lambda", "theirs", FOREIGN, "us-east-1")


def test_a_handler_has_its_environment_and_settings(house):
    pool_id = house.pool()
    register(
        house, pool_id, wish=handler(environment={"TABLE": "people", "KEY": "s3cret"}, timeout_seconds=2.5, attempts=1)
    )

    found = trigger_targets.target(house.call(), ARN.format("app"))

    assert (found.folder, found.address) == ("/srv/app", "app.handler")
    assert found.environment == {"TABLE": "people", "KEY": "s3cret"}
    assert (found.timeout_seconds, found.attempts, found.secret) == (2.5, 1, None)


def test_secrets_and_environments_rest_sealed_and_are_in_no_repr(house):
    made = register(house, house.pool())
    register(house, house.pool(), wish=handler(environment={"KEY": "s3cret-of-the-handler"}))

    with house.database.read() as tx:
        rows = tx.rows("SELECT * FROM trigger_targets")
    assert b"s3cret" not in b"".join(bytes(row[3]) for row in rows)
    found = trigger_targets.target(house.call(), made.arn)
    shown = repr((made, found, trigger_targets.every(house.call()), handler(environment={"KEY": "s3cret"})))
    assert "whsec_" not in shown
    assert "s3cret" not in shown
    assert str(found.secret) not in shown


def test_a_name_is_taken_once_unless_replaced(house):
    pool_id = house.pool()
    first = register(house, pool_id)
    with pytest.raises(ValueError, match="There is a function hook already"):
        register(house, pool_id, trigger="PostConfirmation")
    assert config(house, pool_id) == {"PreSignUp": first.arn}

    second = register(house, pool_id, trigger="PostConfirmation", again=True)

    assert config(house, pool_id) == {"PreSignUp": first.arn, "PostConfirmation": first.arn}
    assert second.secret != first.secret


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a:b", "ä", "x" * 65, "a\n"])
def test_a_name_that_no_arn_can_hold_is_refused(house, name):
    with pytest.raises(ValueError, match="A name has 1 to 64"):
        register(house, house.pool(), wish=url(name))


def test_versions_are_those_of_the_trigger(house):
    pool_id = house.pool()
    made = register(house, pool_id, trigger="PreTokenGeneration", version="V2_0")
    assert config(house, pool_id) == {
        "PreTokenGenerationConfig": {"LambdaArn": made.arn, "LambdaVersion": "V2_0"},
    }

    register(house, pool_id, trigger="PreTokenGeneration", again=True)
    assert config(house, pool_id) == {
        "PreTokenGeneration": made.arn,
        "PreTokenGenerationConfig": {"LambdaArn": made.arn, "LambdaVersion": "V1_0"},
    }

    for trigger, version in (("PreSignUp", "V2_0"), ("PreTokenGeneration", "V9_0"), ("Nothing", None)):
        with pytest.raises(ValueError, match=r"versions|no trigger"):
            register(house, pool_id, trigger=trigger, version=version, again=True)


def test_a_custom_sender_needs_a_key_as_at_aws(house):
    pool_id = house.pool()
    with pytest.raises(errors.InvalidParameter, match="KMSKeyId"):
        register(house, pool_id, trigger="CustomEmailSender")

    register(house, pool_id, trigger="CustomEmailSender", kms_key_id=KEY)

    assert config(house, pool_id) == {
        "CustomEmailSender": {"LambdaArn": ARN.format("hook"), "LambdaVersion": "V1_0"},
        "KMSKeyID": KEY,
    }


def test_what_is_refused_leaves_nothing(house):
    with pytest.raises(errors.ResourceNotFound):
        register(house, "us-east-1_absent")
    with pytest.raises(errors.InvalidParameter):
        register(house, house.pool(), trigger="CustomSMSSender")

    assert trigger_targets.every(house.call()) == []


def test_a_trigger_may_name_a_function_that_is_registered_or_foreign(house):
    pool_id = house.pool()
    register(house, pool_id)
    trigger_targets.name_function(house.call(), pool_id, "PostConfirmation", ARN.format("hook"))
    trigger_targets.name_function(house.call(), pool_id, "CustomMessage", FOREIGN)

    [(row, uses)] = trigger_targets.every(house.call())
    assert (row.name, [use.trigger for use in uses]) == ("hook", ["PreSignUp", "PostConfirmation"])
    assert [(use.trigger, use.function.arn) for use in trigger_targets.foreign(house.call())] == [
        ("CustomMessage", FOREIGN)
    ]
    for arn in ("theirs", "arn:aws:sns:us-east-1:123456789012:topic", ""):
        with pytest.raises(ValueError, match="is not of the form"):
            trigger_targets.name_function(house.call(), pool_id, "CustomMessage", arn)


def test_a_removed_function_leaves_every_trigger_of_every_pool(house):
    one, two = house.pool(), house.pool()
    made = register(house, one)
    trigger_targets.name_function(house.call(), one, "PreTokenGeneration", made.arn)
    trigger_targets.name_function(house.call(), one, "CustomMessage", FOREIGN)
    trigger_targets.name_function(house.call(), two, "PostConfirmation", made.arn)

    uses = trigger_targets.remove(house.call(), "hook")

    assert {(use.pool_id, use.trigger) for use in uses} == {
        (one, "PreSignUp"),
        (one, "PreTokenGeneration"),
        (two, "PostConfirmation"),
    }
    assert config(house, one) == {"CustomMessage": FOREIGN}
    assert config(house, two) == {}
    assert trigger_targets.every(house.call()) == []
    with pytest.raises(errors.ResourceNotFound, match="There is no function hook"):
        trigger_targets.remove(house.call(), "hook")


def test_a_change_is_obeyed_a_second_later(house):
    pool_id = house.pool()
    made = register(house, pool_id)
    assert trigger_targets.target(house.call(), made.arn).kind == "url"

    register(house, pool_id, wish=handler("hook"), again=True)
    house.clock.advance(seconds=1)
    assert trigger_targets.target(house.call(), made.arn).kind == "handler"

    trigger_targets.remove(house.call(), "hook")
    house.clock.advance(seconds=1)
    assert trigger_targets.target(house.call(), made.arn).kind == "lambda"


def test_a_race_for_the_pool_is_run_again(house, monkeypatch):
    pool_id = house.pool()
    real, races = pools.set_settings, []

    def overtaken(tx, seen, **changes):
        if len(races) < 2:
            races.append(seen.version)
            return False
        return real(tx, seen, **changes)

    monkeypatch.setattr(pools, "set_settings", overtaken)

    assert register(house, pool_id).arn == config(house, pool_id)["PreSignUp"]
    assert len(races) == 2
    races.clear()
    monkeypatch.setattr(pools, "set_settings", lambda *_, **__: False)
    with pytest.raises(errors.ConcurrentModification):
        register(house, pool_id, wish=url("other"))
    assert [row.name for row, _ in trigger_targets.every(house.call())] == ["hook"]


class Echo:
    """A carrier that answers with what it was given."""

    def __init__(self):
        self.calls = []

    def invoke(self, target, trigger_name, event, pool_id):
        self.calls.append((target.name, target.attempts, trigger_name, pool_id))
        return event

    def close(self):
        """Nothing is kept."""


def test_a_function_is_tried_out_once(house):
    pool_id = house.pool()
    register(house, pool_id)
    echo = Echo()
    call = msgspec.structs.replace(house.call(), triggers=echo)

    assert trigger_targets.try_out(call, "hook", b'{"a":1}') == b'{"a":1}'
    assert echo.calls == [("hook", 1, "PreSignUp", pool_id)]
    with pytest.raises(errors.ResourceNotFound, match="There is no function other"):
        trigger_targets.try_out(call, "other", b"{}")
