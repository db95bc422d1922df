"""Templates that aws-cdk-lib synthesises: `lido apply` carries each out, and has nothing to do the second time."""

import base64
import json
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.conftest import ENGINES
from tests.databases import fresh_url
from tests.metadata import certificate, key, metadata

pytestmark = pytest.mark.sdk
PROGRAM = Path(__file__).parent / "aws-cdk-lib.mjs"
PICTURE = base64.b64encode(b'<svg xmlns="http://www.w3.org/2000/svg"/>').decode()
SECONDS = 180
STACKS = ["PlainPool", "FullPool", "PasswordlessPool", "SecondFactorByMail", "OwnSenders", "CustomDomain", "Providers"]
REFUSED = {"IdentityPools": "identity pools do not exist yet", "Regions": "is another installation"}


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory):
    """What the program tells: its templates by the names of stacks, and all types of Cognito."""
    described = metadata(keys=key(certificate(days=36_500)))
    facts = {"folder": str(tmp_path_factory.mktemp("cdk.out")), "metadata": described, "picture": PICTURE}
    done = subprocess.run(
        ["node", PROGRAM], input=json.dumps(facts) + "\n", capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])["told"]


@pytest.fixture
def shell(tmp_path, real_time):
    with fresh_url(ENGINES[0], tmp_path) as url:
        shell = Shell(url, tmp_path / "data")
        yield shell
        shell.close()


@pytest.mark.parametrize("stack", [*STACKS, "Documents"])
def test_a_stack_is_applied_and_a_second_plan_is_empty(node, shell, synthesised, tmp_path, stack):
    file = tmp_path / f"{stack}.template.json"
    file.write_text(json.dumps(synthesised["templates"][stack]))

    first = shell("apply", file, "--yes")
    assert first.exit_code == 0, first.output
    second = shell("apply", file, "--dry-run")

    assert second.exit_code == 0, second.output
    assert second.stdout == "Everything is as the template wants it.\n"


@pytest.mark.parametrize("stack", REFUSED)
def test_what_cannot_be_is_refused_by_its_name(node, shell, synthesised, tmp_path, stack):
    file = tmp_path / "stack.json"
    file.write_text(json.dumps(synthesised["templates"][stack]))

    assert REFUSED[stack] in shell.refuses("apply", file, "--yes")
    assert shell.house.idp.list_user_pools(MaxResults=9)["UserPools"] == []


def test_no_construct_of_cognito_is_forgotten(node, synthesised):
    used = {each["Type"] for template in synthesised["templates"].values() for each in template["Resources"].values()}

    assert [type_ for type_ in synthesised["types"] if type_ not in used] == []
    assert len(synthesised["types"]) > 15
