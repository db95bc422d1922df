"""Registering the functions of triggers, and trying them, from the shell."""

import json

import pytest
import structlog
from tests.receivers import receiving

from lido.flows import trigger_targets

EVENT = {"triggerSource": "PreSignUp_SignUp", "response": {}}
HANDLER = """
def handler(event, context):
    print("asked by", event["triggerSource"])
    if event.get("bad"):
        raise Exception("No \\x1b[31mentry.")
    event["response"]["autoConfirmUser"] = True
    return event
"""


@pytest.fixture(autouse=True)
def code(tmp_path, monkeypatch):
    """A folder of code, where the commands are typed; and the log as it was."""
    (tmp_path / "app.py").write_text(HANDLER)
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    monkeypatch.chdir(tmp_path)
    before, configure = structlog.get_config(), structlog.configure
    # Loggers that are kept would not hear of the tests that come after.
    monkeypatch.setattr(
        structlog, "configure", lambda **given: configure(**given | {"cache_logger_on_first_use": False})
    )
    yield tmp_path
    configure(**before)


@pytest.fixture
def pool(shell):
    return shell.house.pool()


def config(shell, pool):
    return shell.house.idp.describe_user_pool(UserPoolId=pool)["UserPool"]["LambdaConfig"]


def add(shell, pool, *arguments, trigger="PreSignUp"):
    return shell.prints("triggers", "add", "--pool", pool, "--trigger", trigger, *arguments)


def refused(shell, pool, *arguments, trigger="PreSignUp"):
    return shell.refuses("triggers", "add", "--pool", pool, "--trigger", trigger, *arguments)


def test_a_handler_is_registered_and_answers_an_event(shell, pool, code, capfd):
    said = add(shell, pool, "--handler", "./app.handler", "--name", "confirm")

    arn = "arn:aws:lambda:us-east-1:000000000000:function:confirm"
    assert said == f"PreSignUp of {pool} calls {arn}\n"
    assert config(shell, pool) == {"PreSignUp": arn}
    result = shell("triggers", "test", "confirm", "event.json")
    assert json.loads(result.stdout) == {**EVENT, "response": {"autoConfirmUser": True}}
    assert "confirm answered in " in result.stderr
    assert "asked by PreSignUp_SignUp" in capfd.readouterr().err


def test_what_a_handler_raises_is_told_on_one_clean_line(shell, pool, code):
    add(shell, pool, "--handler", "./app.handler", "--name", "confirm")
    (code / "event.json").write_text(json.dumps({**EVENT, "bad": True}))

    assert "Error: confirm raised: No  [31mentry.\n" in shell.refuses("triggers", "test", "confirm", "event.json")


def test_an_event_that_is_no_json_and_a_function_that_is_not_there_are_told(shell, code):
    assert "There is no function other." in shell.refuses("triggers", "test", "other", "event.json")
    (code / "event.json").write_text("{")
    assert "The event is not JSON" in shell.refuses("triggers", "test", "other", "event.json")


def test_the_name_comes_from_pool_and_trigger(shell, pool):
    assert f":function:{pool}-PreSignUp\n" in add(shell, pool, "--handler", "./app.handler")


def test_the_secret_of_a_url_is_printed_this_once(shell, pool):
    said = add(shell, pool, "--url", "https://hooks.example.com/x", "--name", "hook")

    assert said.splitlines()[1].startswith("secret = whsec_")
    assert "whsec_" not in shell.prints("triggers", "list", "--json")
    again = add(shell, pool, "--url", "https://hooks.example.com/x", "--name", "hook", "--replace")
    assert again.splitlines()[1] != said.splitlines()[1]


def test_a_url_that_is_private_cannot_be_invoked_unless_allowed(shell, pool, tmp_path):
    with receiving(tmp_path) as receiver:
        add(shell, pool, "--url", receiver.url(), "--name", "hook")
        assert "hook cannot be invoked: AccessDeniedException." in shell.refuses(
            "triggers", "test", "hook", "event.json"
        )
    assert receiver.posted == []


@pytest.mark.parametrize("url", ["ftp://example.com/", "https://user:x@example.com/", "hooks.example.com"])
def test_what_is_no_address_is_refused(shell, pool, url):
    assert f"{url} cannot be called" in refused(shell, pool, "--url", url)


def test_a_python_function_is_registered_where_it_can_be_found(shell, pool, code, monkeypatch):
    (code / "rules_of_the_shell.py").write_text("def confirm(event): return event\n")
    monkeypatch.syspath_prepend(code)

    add(shell, pool, "--python", "rules_of_the_shell:confirm", "--name", "confirm")

    assert json.loads(shell.prints("triggers", "test", "confirm", "event.json")) == EVENT
    assert "Unable to import module 'no_such_rules'" in refused(shell, pool, "--python", "no_such_rules:confirm")


def test_an_arn_of_aws_lambda_is_named(shell, pool):
    arn = "arn:aws:lambda:us-east-1:123456789012:function:theirs"
    assert add(shell, pool, "--arn", arn) == f"PreSignUp of {pool} calls {arn}\n"

    assert config(shell, pool) == {"PreSignUp": arn}
    assert shell.prints("triggers", "list") == f"{arn}  lambda\n    PreSignUp (V1_0) of {pool}\n"
    assert "is not of the form arn:" in refused(shell, pool, "--arn", "theirs")


def test_options_reach_the_function(shell, pool, code):
    add(
        shell,
        pool,
        *("--handler", "app.handler", "--name", "app", "--env", "TABLE=people", "--env", "EMPTY="),
        *("--timeout", "2.5", "--attempts", "1", "--version", "V2_0"),
        trigger="PreTokenGeneration",
    )

    found = trigger_targets.target(shell.house.call(), config(shell, pool)["PreTokenGenerationConfig"]["LambdaArn"])
    assert found.environment == {"TABLE": "people", "EMPTY": ""}
    assert (found.timeout_seconds, found.attempts, found.folder) == (2.5, 1, str(code))
    listed = json.loads(shell.prints("triggers", "list", "--json"))
    assert listed == [
        {
            "name": "app",
            "kind": "handler",
            "address": "app.handler",
            "folder": str(code),
            "timeout_seconds": 2.5,
            "attempts": 1,
            "triggers": [{"pool": pool, "trigger": "PreTokenGeneration", "version": "V2_0"}],
        }
    ]


def test_a_custom_sender_takes_its_key(shell, pool):
    key = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"
    add(shell, pool, "--handler", "app.handler", "--kms-key", key, trigger="CustomEmailSender")

    assert config(shell, pool)["KMSKeyID"] == key


def test_mistakes_are_told_in_a_sentence(shell, pool):
    assert "There is no trigger Presignup; there are PreSignUp," in refused(
        shell, pool, "--handler", "app.handler", trigger="Presignup"
    )
    assert "There is no " in refused(shell, pool, "--handler", "./other.handler")
    assert "file.function" in refused(shell, pool, "--handler", "app")
    assert "User pool us-east-1_none does not exist" in refused(shell, "us-east-1_none", "--handler", "app.handler")
    add(shell, pool, "--handler", "app.handler", "--name", "app")
    assert "There is a function app already" in refused(shell, pool, "--handler", "app.handler", "--name", "app")
    for wrong in (
        (),
        ("--url", "https://x.example/", "--python", "a:b"),
        ("--url", "https://x.example/", "--env", "A=b"),
    ):
        assert shell("triggers", "add", "--pool", pool, "--trigger", "PreSignUp", *wrong).exit_code == 2


def test_a_removed_function_is_called_by_nobody(shell, pool):
    add(shell, pool, "--handler", "app.handler", "--name", "app")

    assert shell.prints("triggers", "remove", "app") == f"PreSignUp of {pool} calls nothing now.\napp is removed.\n"

    assert config(shell, pool) == {}
    assert shell.prints("triggers", "list") == ""
    assert "There is no function app." in shell.refuses("triggers", "remove", "app")
