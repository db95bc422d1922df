"""The manual's own sender, as a handler in a process of its own: what it decrypts arrives by mail, and confirms."""

import re

from tests.docs.pages import DOCS, blocks
from tests.mail_server import mail_server
from tests.ports.amazon import amazon, kms_key
from tests.world import World, sign_by

from lido.flows import trigger_targets
from lido.flows.trigger_targets import Wish


def function_of_the_page():
    [script] = blocks(DOCS / "custom-senders.md", "sh")
    found = re.search(r"cat > sender\.py <<'EOF'\n(.*?)^EOF$", script, re.MULTILINE | re.DOTALL)
    return found[1]


def test_the_sender_of_the_manual_mails_a_code_that_confirms(database, tmp_path):
    (tmp_path / "sender.py").write_text(function_of_the_page())
    with amazon() as services, mail_server() as mail:
        world = World(
            database,
            kms_endpoint=services.url,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="secret-of-the-tests",
        )
        sign_by(world.clock)
        host, port = mail.url.removeprefix("smtp://").split(":")
        key = kms_key(services.url)
        pool_id = world.pool(AutoVerifiedAttributes=["email"])
        environment = {
            "KEY_ARN": key,
            "MAIL_HOST": host,
            "MAIL_PORT": port,
            "AWS_ENDPOINT_URL_KMS": services.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        wish = Wish(
            name="sender",
            kind="handler",
            address="sender.handler",
            folder=str(tmp_path),
            environment=environment,
            timeout_seconds=30,
        )
        trigger_targets.register(world.call(), pool_id, "CustomEmailSender", wish, kms_key_id=key)
        client_id = world.app(pool_id)["ClientId"]
        world.idp_unsigned.sign_up(
            ClientId=client_id,
            Username="ada",
            Password="Passw0rd!",
            UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
        )
        worker = world.lido.message_worker()

        worker.run_due()
        worker.finish()

        [(_, recipients, content)] = mail.taken
        assert recipients == ["ada@example.com"]
        code = re.search(rb"Hello ada, it is (\d{6})", content)[1].decode()
        world.idp_unsigned.confirm_sign_up(ClientId=client_id, Username="ada", ConfirmationCode=code)
        world.close()
