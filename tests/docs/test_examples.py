"""Every shell example of the manual runs, in the order in which a page shows them, against a real server."""

import subprocess

import pytest
from tests.docs.pages import PAGES, blocks, name
from tests.receiver import LOOPBACK
from tests.server import CHEAP, Server

# The lines of clients.md are run by tests/sdk/test_aws_cli.py, on both engines.
EXAMPLES = [page for page in PAGES if blocks(page, "sh") and page.name != "clients.md"]
SECONDS = 300  # each call of the AWS CLI takes seconds on a busy machine


@pytest.mark.sdk
@pytest.mark.parametrize("page", EXAMPLES, ids=name)
def test_the_examples_of_a_page_run(page, tmp_path):
    folder = tmp_path / "lido-data"
    folder.mkdir(mode=0o700)
    server = Server(folder, f"sqlite:///{folder}/lido.db", "--demo", region="us-east-1,eu-west-1", **LOOPBACK)
    with server:
        script = "\n".join(blocks(page, "sh")).replace("http://localhost:9229", server.url)
        done = subprocess.run(
            ["bash", "-eux", "-o", "pipefail", "-c", script],
            cwd=tmp_path,
            env={**server.env, **CHEAP, "LIDO_DATA_DIR": "lido-data", "LIDO_PORT": str(server.port)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_there_are_examples():
    assert len(EXAMPLES) > 5
