"""Which file a handler is, what runs it, and what is told where there is none."""

import pytest
import structlog
from tests.ports.handlers.conftest import EVENT, target

from lido.ports.entropy import SystemEntropy
from lido.ports.triggers import function_process
from lido.ports.triggers.carrier import (
    NotInvocable,
    Raised,
)
from lido.ports.triggers.carriers import Carriers
from lido.ports.triggers.function_process import Runtimes
from lido.ports.triggers.handlers import Handlers


@pytest.mark.parametrize(
    "file, code, told",
    [
        ("app.py", "import no_such_module", "Unable to import module"),
        ("app.py", "def other(): pass", "Handler 'handler' missing"),
        ("app.py", "def handler(:", "Syntax error"),
        ("app.mjs", "import 'no-such-package';", "no-such-package"),
        ("app.mjs", "export const other = 1;", "app.handler is undefined"),
        ("app.cjs", "exports.handler = (", "Unexpected"),
    ],
)
def test_a_handler_that_cannot_be_loaded_has_raised(stand, tmp_path, file, code, told):
    (tmp_path / file).write_text(code)
    with pytest.raises(Raised, match=told):
        stand(target(tmp_path, "app.handler"), EVENT)


@pytest.mark.parametrize("address", ["app.handler", "../app.handler", "/etc/app.handler", "-m.handler", "app", ""])
def test_what_is_no_handler_below_the_folder_is_not_found(stand, tmp_path, address):
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotInvocable, match="ResourceNotFoundException"):
        stand(target(tmp_path / "folder", address), EVENT)


@pytest.mark.parametrize("file", ["app.py", "app.mjs"])
def test_a_runtime_that_is_not_installed_is_told(tmp_path, file):
    (tmp_path / file).touch()
    absent = str(tmp_path / "absent")
    handlers = Handlers(Runtimes(python=absent, node=absent), processes=1)
    carriers = Carriers({"handler": lambda: handlers}, SystemEntropy(), waiting=1)
    with structlog.testing.capture_logs() as lines, pytest.raises(NotInvocable, match="InvalidRuntimeException"):
        carriers.invoke(target(tmp_path, "app.handler"), "PreSignUp", b"{}", "pool")
    carriers.close()

    assert [line for line in lines if line["event"] == "a function cannot be started"]


def test_what_python_handlers_need_is_told_in_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "app.py").touch()
    handler = function_process.find(str(tmp_path), "app.handler")
    assert function_process.missing(handler, Runtimes()) == ""

    monkeypatch.setattr(function_process, "find_spec", lambda _: None)

    assert "pip install 'lido-idp[lambda]'" in function_process.missing(handler, Runtimes())


def test_a_folder_with_two_files_of_that_name_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "app.py").touch()
    (tmp_path / "app.js").touch()
    with pytest.raises(ValueError, match=r"app\.py and app\.js"):
        function_process.find(str(tmp_path), "app.handler")


def test_a_handler_as_typed_lies_below_the_current_folder_or_beside_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert function_process.split("./app.handler") == (str(tmp_path), "app.handler")
    assert function_process.split("src/app.handler") == (str(tmp_path), "src/app.handler")
    assert function_process.split("/srv/code/app.handler") == ("/srv/code", "app.handler")
    assert function_process.split("../app.handler") == (str(tmp_path.parent), "app.handler")
