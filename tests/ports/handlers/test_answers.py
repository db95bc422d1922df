"""Unmodified Lambda handlers as processes of this machine: what they are given, and what they answer."""

import msgspec
import pytest
import structlog
from tests.ports.handlers.conftest import ARN, EVENT, PATIENCE, PYTHON, outputs_end, target

from lido.ports.triggers.carrier import (
    MAX_BODY_BYTES,
    Failure,
    Raised,
    Unrecognizable,
)

SAMPLES = {
    "python": ("lambda_function.py", "lambda_function.lambda_handler", PYTHON["sample"]),
    "python below": ("src/app.py", "src/app.lambda_handler", PYTHON["sample"]),
    "async ESM": (
        "index.mjs",
        "index.handler",
        "export const handler = async (event) => { event.response.autoConfirmUser = true; return event; };",
    ),
    "ESM by package.json": (
        "index.js",
        "index.handler",
        "async function handler(event) { event.response.autoConfirmUser = true; return event; } export { handler };",
    ),
    "CommonJS with callback": (
        "index.js",
        "index.handler",
        "exports.handler = (event, _, callback) => { event.response.autoConfirmUser = true; callback(null, event); };",
    ),
    "CommonJS, context.done": (
        "index.cjs",
        "index.handler",
        "exports.handler = (event, context) => { event.response.autoConfirmUser = true; context.done(null, event); };",
    ),
    "async CommonJS below": (
        "src/handlers/app.js",
        "src/handlers/app.handler",
        "module.exports.handler = async function (event) { event.response.autoConfirmUser = true; return event; };",
    ),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_an_unmodified_function_answers(stand, tmp_path, sample):
    name, address, code = SAMPLES[sample]
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(code)
    if "package.json" in sample:
        (tmp_path / "package.json").write_text('{"type": "module"}')

    answer = stand(target(tmp_path, address), EVENT)

    assert answer == {**EVENT, "response": {"autoConfirmUser": True}}


def test_a_callback_with_an_error_raises(stand, tmp_path):
    (tmp_path / "index.js").write_text("exports.handler = (event, context, callback) => callback(new Error('No.'));")

    with pytest.raises(Raised, match=r"^No\.$"):
        stand(target(tmp_path, "index.handler"), EVENT)


def test_what_a_handler_raises_comes_back_as_its_text(stand, handler):
    process = stand.process(handler)
    with pytest.raises(Raised, match=r"^Cannot register users under 18$"):
        stand(handler, {"do": "raise"})

    assert stand.process(handler) == process


def test_null_is_an_answer_and_so_is_a_string(stand, handler):
    assert stand(handler, {"do": "null"}) is None
    assert stand(handler, {"do": "html"}) == "<html>"


def test_an_answer_that_is_no_json_raises_in_the_handler(stand, handler):
    with pytest.raises(Raised, match=r"serializ|marshal"):
        stand(handler, {"do": "rubbish"})


def test_an_answer_of_seven_megabytes_is_refused_and_the_process_goes_on_or_is_replaced(stand, handler):
    with pytest.raises((Unrecognizable, Raised)):
        stand(handler, {"do": "large"})

    assert stand.process(handler)


def test_an_event_of_seven_megabytes_is_not_sent(stand, handler):
    with pytest.raises(Unrecognizable):
        stand(handler, {"do": "x" * MAX_BODY_BYTES})


def test_what_a_handler_prints_is_logged_line_by_line(stand, handler, informative):
    with structlog.testing.capture_logs() as lines:
        stand(handler, {"do": "print"})
        stand.close()
        outputs_end()

    told = [line["line"] for line in lines if line["event"] == "function output"]
    assert [text for text in told if text.endswith("hello [31m")]
    assert not any("\x1b" in text for text in told)


def test_the_environment_is_lambdas_and_the_operators_and_nothing_of_ours(stand, handler, monkeypatch):
    monkeypatch.setenv("LIDO_MASTER_KEY", "the master key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the server's own")
    given = msgspec.structs.replace(handler, environment={"TABLE": "people"})

    told = stand(given, {"do": "where"})

    assert told["TABLE"] == "people"
    assert told["AWS_REGION"] == "eu-west-1"
    assert told["AWS_LAMBDA_FUNCTION_NAME"] == "hello"
    assert told["LAMBDA_TASK_ROOT"] == told["cwd"] == handler.folder
    assert told["arn"] == ARN
    assert 0 < told["left"] <= PATIENCE * 1000
    assert len(told["id"]) == 36
    assert not [name for name in told if name.startswith("LIDO_")]
    assert "AWS_SECRET_ACCESS_KEY" not in told
    assert not {"the master key", "the server's own"} & {str(value) for value in told.values()}


def test_a_stranger_on_the_machine_is_not_answered(stand, tmp_path):
    """A connection that is not ours would show another user; here it shows that rubbish ends nothing."""
    import http.client

    (tmp_path / "app.py").write_text(
        "import os\ndef handler(event, context): return os.environ['AWS_LAMBDA_RUNTIME_API']\n"
    )
    there = target(tmp_path, "app.handler")
    address = stand(there, {})
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    for method, path, body in (
        ("GET", "/2018-06-01/runtime/other", b""),
        ("POST", "/2018-06-01/runtime/invocation/other/response", b"{}"),
        ("POST", "/2018-06-01/runtime/invocation", b"{}"),
    ):
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (400, 404)
    connection.close()

    assert stand(there, {}) == address


def test_failures_are_logged_without_what_they_are_about(stand, tmp_path):
    (tmp_path / "app.py").write_text("def handler(event, context): raise Exception(event['request'])\n")
    with structlog.testing.capture_logs() as lines, pytest.raises(Failure):
        stand(target(tmp_path, "app.handler"), {"request": "secret of a person"})

    failed = [line for line in lines if line["event"] == "a trigger failed"]
    assert failed
    assert failed[0]["failure"] == "Raised"
    assert "secret of a person" not in str(failed)
