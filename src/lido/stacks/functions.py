"""The functions of templates: Ref, Fn::GetAtt, Fn::Sub and the others, and conditions."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lido.stacks import TemplateError, foreign
from lido.stacks.templates import Template
from lido.stacks.values import NO_VALUE, NoValue, Secret, Unknown, joined

_CONDITIONS = {"Condition", "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals"}
_IN_SUB = re.compile(r"\$\{(!?)([^{}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*\}\}")


class Scope:
    """What a template's names mean: parameters, pseudo parameters, and what was made so far.

    `made` has for each of our resources that is there what Ref gives, and its attributes.
    """

    def __init__(
        self, template: Template, parameters: Mapping[str, Any], given: Mapping[str, str], *, stack: str, place: "Place"
    ) -> None:
        self._template = template
        self._parameters = parameters
        self._given = given
        self._place = place
        self._pseudo = {
            "AWS::AccountId": place.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": place.region,
            "AWS::StackId": f"arn:aws:cloudformation:{place.region}:{place.account}:stack/{stack}/lido",
            "AWS::StackName": stack,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._asked: set[str] = set()
        self.made: dict[str, tuple[str, Callable[[], Mapping[str, Any]]]] = {}

    def is_present(self, logical_id: str) -> bool:
        """Whether the condition of a resource, if it has one, holds."""
        condition = self._template.resources[logical_id].condition
        return condition is None or self.holds(condition)

    def properties(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The properties of a resource, without those that have no value. Raises TemplateError."""
        found = self.value(dict(value))
        return found if isinstance(found, dict) else {}

    def value(self, value: Any) -> Any:
        """A value with its functions carried out. Raises TemplateError."""
        if isinstance(value, list):
            found = [self.value(each) for each in value]
            return [each for each in found if not isinstance(each, NoValue)]
        if isinstance(value, str):
            return self._dynamic(value)
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref":
                return self._ref(str(argument))
            if isinstance(name, str) and name.startswith("Fn::"):
                return self._function(name, argument)
        evaluated = {name: self.value(each) for name, each in value.items()}
        return {name: each for name, each in evaluated.items() if not isinstance(each, NoValue)}

    def _ref(self, name: str) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        resource = self._template.resources.get(name)
        if resource is None:
            raise TemplateError(f"Ref names {name}, which the template has not.")
        if resource.is_ours:
            return self.made[name][0] if name in self.made else Unknown(name)
        if name in self._given:
            return self._given[name]
        return foreign.reference(resource.type, name, self._place.region, self._place.account)

    def _attribute(self, name: str, attribute: str) -> Any:
        resource = self._template.resources.get(name)
        if resource is None:
            raise TemplateError(f"Fn::GetAtt names {name}, which the template has not.")
        if not resource.is_ours:
            if f"{name}.{attribute}" in self._given:
                return self._given[f"{name}.{attribute}"]
            if name in self._given and attribute.endswith("Arn"):
                return self._given[name]
            return foreign.attribute(resource.type, name, attribute, self._place.region, self._place.account)
        if name not in self.made:
            return Unknown(f"{name}.{attribute}")
        found = self.made[name][1]()
        if attribute not in found:
            raise TemplateError(f"{name} has no attribute {attribute}; it has {', '.join(sorted(found)) or 'none'}.")
        return found[attribute]

    def _dynamic(self, text: str) -> str:
        """Dynamic references are given by hand: nothing is fetched from elsewhere."""
        missing = [found for found in _DYNAMIC.findall(text) if found not in self._given]
        if missing:
            raise TemplateError(f"{missing[0]} is not fetched; give it with --parameter '{missing[0]}=VALUE'.")
        if isinstance(text, Unknown) or not _DYNAMIC.search(text):
            return text
        return Secret(_DYNAMIC.sub(lambda found: self._given[found[0]], text))

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Fn::GetAtt":
            whole = argument.split(".", 1) if isinstance(argument, str) else [str(self.value(one)) for one in argument]
            if len(whole) != 2:
                raise TemplateError("Fn::GetAtt takes a resource and an attribute.")
            return self._attribute(*whole)
        if name == "Fn::Sub":
            return self._sub(argument)
        if name == "Fn::If":
            chosen, yes, no = self._arguments(name, argument, 3)
            return self.value(yes if self.holds(str(chosen)) else no)
        if name in _CONDITIONS:
            return self._holds({name: argument})
        plain = self.value(argument)
        match name:
            case "Fn::Join":
                separator, parts = self._arguments(name, plain, 2)
                return joined(parts, separator) if isinstance(parts, list) else parts
            case "Fn::Select":
                return self._select(*self._arguments(name, plain, 2))
            case "Fn::Split":
                separator, text = self._arguments(name, plain, 2)
                return text if isinstance(text, Unknown) else [type(text)(part) for part in text.split(separator)]
            case "Fn::FindInMap":
                return self._in_map(plain)
            case "Fn::Base64":
                return type(plain)(base64.b64encode(plain.encode()).decode())
            case "Fn::ToJsonString":
                return json.dumps(plain)
            case "Fn::Length":
                return len(plain)
            case "Fn::ImportValue":
                if str(plain) not in self._given:
                    raise TemplateError(f"Fn::ImportValue: give the value with --parameter {plain}=VALUE.")
                return self._given[str(plain)]
            case _:
                raise TemplateError(f"{name} is not known.")

    @staticmethod
    def _arguments(name: str, argument: Any, number: int) -> list[Any]:
        if not isinstance(argument, list) or len(argument) != number:
            raise TemplateError(f"{name} takes a list of {number}.")
        return argument

    @staticmethod
    def _select(index: Any, parts: Any) -> Any:
        if isinstance(parts, Unknown):
            return parts
        try:
            return parts[int(index)]
        except (IndexError, ValueError, TypeError):
            raise TemplateError(f"Fn::Select: there is no number {index}.") from None

    def _in_map(self, argument: list[Any]) -> Any:
        found: Any = self._template.mappings
        try:
            for key in argument[:3]:
                found = found[str(key)]
        except (KeyError, TypeError):
            if len(argument) == 4 and isinstance(argument[3], dict):
                return argument[3].get("DefaultValue")
            raise TemplateError(f"Mappings has no {'.'.join(map(str, argument))}.") from None
        return found

    def _sub(self, argument: Any) -> Any:
        text, given = (argument, {}) if isinstance(argument, str) else self._arguments("Fn::Sub", argument, 2)
        values = {name: self.value(each) for name, each in given.items()}
        parts: list[Any] = []
        end = 0
        for found in _IN_SUB.finditer(text):
            parts.append(text[end : found.start()])
            name = found[2].strip()
            if found[1]:
                parts.append(f"${{{found[2]}}}")
            elif name in values:
                parts.append(values[name])
            else:
                parts.append(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))
            end = found.end()
        return self._dynamic(joined([*parts, text[end:]]))

    def holds(self, name: str) -> bool:
        """Whether a condition of the template holds. Raises TemplateError."""
        if name not in self._template.conditions:
            raise TemplateError(f"There is no condition {name}.")
        if name in self._asked:
            raise TemplateError(f"The condition {name} asks for itself.")
        self._asked.add(name)
        try:
            return self._holds(self._template.conditions[name])
        finally:
            self._asked.discard(name)

    def _holds(self, condition: Any) -> bool:
        if not isinstance(condition, dict) or len(condition) != 1:
            raise TemplateError(f"This is no condition: {condition}.")
        name, argument = next(iter(condition.items()))
        match name:
            case "Condition":
                return self.holds(str(argument))
            case "Fn::Equals":
                left, right = self._arguments(name, self.value(argument), 2)
                return joined([left]) == joined([right])
            case "Fn::And":
                return all(self._holds(each) for each in argument)
            case "Fn::Or":
                return any(self._holds(each) for each in argument)
            case "Fn::Not":
                return not self._holds(*self._arguments(name, argument, 1))
            case _:
                raise TemplateError(f"{name} is no condition.")


class Place:
    """Where a stack is: region and account."""

    __slots__ = ("account", "region")

    def __init__(self, region: str, account: str) -> None:
        self.region = region
        self.account = account
