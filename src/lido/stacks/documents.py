"""Templates as text: YAML with CloudFormation's short tags, or JSON."""

import json
from collections import Counter
from typing import Any

import yaml

from lido.stacks import TemplateError

LONGEST = 4 * 1024 * 1024
DEEPEST = 100
_LONG_NAMES = {"Ref": "Ref", "Condition": "Condition"}


class _Loader(yaml.SafeLoader):
    """Safe YAML whose times stay text and whose keys come once; an alias is refused, as by CloudFormation."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise TemplateError("Aliases (*name) are not for templates.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - yaml's signature
        _refuse_twice([str(key.value) for key, _ in node.value], f" (line {node.start_mark.line + 1})")
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _function(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {_LONG_NAMES.get(suffix, f"Fn::{suffix}"): value}


_Loader.add_multi_constructor("!", _function)


class _Dumper(yaml.SafeDumper):
    """YAML as people write templates: longer texts as blocks, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - yaml's signature
        return True


def _text(dumper: Any, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def read(text: str) -> dict[str, Any]:
    """The document in a text, YAML or JSON. Raises TemplateError."""
    found = _read(text)
    if not isinstance(found, dict):
        raise TemplateError("A template is a mapping with Resources.")
    return found


def parameters(text: str) -> dict[str, str]:
    """Values of parameters: a mapping, or AWS's list of ParameterKey and ParameterValue. Raises TemplateError."""
    found = _read(text)
    if isinstance(found, list):
        entries = [each if isinstance(each, dict) else {} for each in found]
        found = {each.get("ParameterKey"): each.get("ParameterValue") for each in entries}
    if not isinstance(found, dict) or any(isinstance(each, (dict, list)) or each is None for each in found.values()):
        raise TemplateError("Parameters are a mapping of names and values.")
    return {str(name): str(value) for name, value in found.items()}


def _read(text: str) -> Any:
    if len(text) > LONGEST:
        raise TemplateError(f"The template is longer than {LONGEST // 1024 // 1024} MiB.")
    try:
        found = _parsed(text)
        _require_shallow(found, DEEPEST)
    except yaml.YAMLError as error:
        raise TemplateError(f"The template is neither YAML nor JSON: {_one_line(error)}") from None
    except RecursionError:
        raise TemplateError("The template is nested too deeply.") from None
    return found


def write(document: dict[str, Any], form: str) -> str:
    """The document as `yaml` or `json` text."""
    if form == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


def _parsed(text: str) -> Any:
    if text.lstrip().startswith(("{", "[")):
        try:
            return json.loads(text, object_pairs_hook=_object)
        except json.JSONDecodeError as error:
            raise TemplateError(f"The template is no JSON: {error}.") from None
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader with constructors for the short tags


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_twice([name for name, _ in pairs])
    return dict(pairs)


def _refuse_twice(names: list[str], where: str = "") -> None:
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        raise TemplateError(f"{twice[0]} stands twice in one place{where}.")


def _require_shallow(value: Any, depth: int) -> None:
    if depth == 0:
        raise TemplateError("The template is nested too deeply.")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _require_shallow(each, depth - 1)


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" (line {mark.line + 1})" if mark else ""
    return f"{getattr(error, 'problem', None) or 'it cannot be read'}{where}."
