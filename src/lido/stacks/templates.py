"""A template's sections: its parameters with their values, its resources in the order in which they can be made."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from lido.stacks import TemplateError
from lido.stacks.values import Secret

OURS = "AWS::Cognito::"
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
    "Globals",
}
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
_KEPT = {"Delete": False, "Retain": True, "RetainExceptOnCreate": True}
_IN_SUB = re.compile(r"\$\{([^!{}][^{}]*)\}")


class Resource(Struct, frozen=True):
    """One entry of Resources. `adopts` is the physical id that its metadata tell, for `--adopt`."""

    logical_id: str
    type: str
    properties: dict[str, Any]
    needs: frozenset[str]
    condition: str | None
    retained: bool
    replaced_is_retained: bool
    adopts: str | None

    @property
    def is_ours(self) -> bool:
        return self.type.startswith(OURS)


class Template(Struct, frozen=True):
    """What is to be: every section as it stands, and the resources by logical id; `imports`: values of other stacks."""

    parameters: dict[str, Any]
    mappings: dict[str, Any]
    conditions: dict[str, Any]
    resources: dict[str, Resource]
    outputs: dict[str, Any]
    imports: bool


def parse(document: Mapping[str, Any]) -> Template:
    """The template in a document. Raises TemplateError."""
    strange = sorted(set(map(str, document)) - _SECTIONS)
    if strange:
        raise TemplateError(f"A template has no section {strange[0]}.")
    resources = _mapping(document, "Resources")
    if "Resources" not in document:
        raise TemplateError("The template has no Resources.")
    return Template(
        parameters=_mapping(document, "Parameters"),
        mappings=_mapping(document, "Mappings"),
        conditions=_mapping(document, "Conditions"),
        resources={name: _resource(name, entry) for name, entry in resources.items()},
        outputs=_mapping(document, "Outputs"),
        imports="Fn::ImportValue" in str(document),
    )


def _mapping(document: Mapping[str, Any], section: str) -> dict[str, Any]:
    found = document.get(section)
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise TemplateError(f"{section} is a mapping of names.")
    return found


def _resource(name: str, entry: Any) -> Resource:
    if _LOGICAL_ID.fullmatch(name) is None:
        raise TemplateError(f"{name} is no name for a resource: letters and digits alone.")
    if not isinstance(entry, dict) or not isinstance(entry.get("Type"), str):
        raise TemplateError(f"The resource {name} has no Type.")
    properties = entry.get("Properties")
    properties = {} if properties is None else properties
    if not isinstance(properties, dict):
        raise TemplateError(f"The Properties of {name} are no mapping.")
    depends = entry.get("DependsOn") or []
    told = entry.get("Metadata")
    lido = told.get("Lido") if isinstance(told, dict) else None
    return Resource(
        logical_id=name,
        type=entry["Type"],
        properties=properties,
        needs=frozenset([depends] if isinstance(depends, str) else depends) | names_in(properties),
        condition=entry.get("Condition"),
        retained=_is_retained(name, entry, "DeletionPolicy"),
        replaced_is_retained=_is_retained(name, entry, "UpdateReplacePolicy"),
        adopts=lido.get("PhysicalId") if isinstance(lido, dict) else None,
    )


def _is_retained(name: str, entry: dict[str, Any], member: str) -> bool:
    policy = entry.get(member, "Delete")
    if not isinstance(policy, str) or policy not in _KEPT:
        raise TemplateError(f"The {member} of {name} is one of {', '.join(_KEPT)}.")
    return _KEPT[policy]


def names_in(value: Any) -> frozenset[str]:
    """The resources and parameters that a value names."""
    if isinstance(value, list):
        return frozenset().union(*map(names_in, value))
    if not isinstance(value, dict):
        return frozenset()
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref" and isinstance(argument, str):
            return frozenset({argument})
        if name == "Fn::GetAtt":
            whole = argument if isinstance(argument, str) else str(argument[0]) if argument else ""
            return frozenset({whole.partition(".")[0]})
        if name == "Fn::Sub":
            text, given = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
            found = {name.strip().partition(".")[0] for name in _IN_SUB.findall(text)} - set(given)
            return frozenset(found) | names_in(given)
    return frozenset().union(*map(names_in, value.values()))


def ordered(template: Template, present: Collection[str], rank: Mapping[str, int]) -> list[Resource]:
    """Ours among the resources that are present, each after what it needs; of two that may come, the lower rank first.

    Raises TemplateError for a circle and for a name that nothing has.
    """
    waiting = {name: template.resources[name] for name in present if template.resources[name].is_ours}
    for resource in waiting.values():
        for name in resource.needs:
            if name not in template.resources and name not in template.parameters and not name.startswith("AWS::"):
                raise TemplateError(f"{resource.logical_id} names {name}, which the template has not.")
    done: list[Resource] = []
    while waiting:
        free = [each for each in waiting.values() if not (each.needs & waiting.keys()) - {each.logical_id}]
        if not free:
            raise TemplateError(f"These need each other: {', '.join(sorted(waiting))}.")
        first = min(free, key=lambda each: rank.get(each.type, 0))
        done.append(waiting.pop(first.logical_id))
    return done


def values_of_parameters(template: Template, given: Mapping[str, str]) -> dict[str, Any]:
    """The value of each parameter, given or its default, checked as its declaration says. Raises TemplateError."""
    strange = [name for name in given if not _is_named(template, name)]
    if strange:
        raise TemplateError(f"The template has no parameter and no resource {strange[0]}.")
    missing = [
        name for name, declared in template.parameters.items() if name not in given and "Default" not in declared
    ]
    if missing:
        raise TemplateError(f"These parameters have no value: {', '.join(missing)} (--parameter NAME=VALUE).")
    return {
        name: _value(name, declared, str(given.get(name, declared.get("Default"))))
        for name, declared in template.parameters.items()
    }


def _is_named(template: Template, name: str) -> bool:
    """Whether a value is given for something: a parameter, a resource of another service, what is not fetched."""
    known = name in template.parameters or name.partition(".")[0] in template.resources
    return known or name.startswith("{{resolve:") or template.imports


def _value(name: str, declared: Mapping[str, Any], text: str) -> Any:
    kind = str(declared.get("Type", "String"))
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [_single(name, declared, part.strip()) for part in text.split(",")] if text else []
    return _single(name, declared, text)


def _single(name: str, declared: Mapping[str, Any], text: str) -> str:
    allowed = [str(value) for value in declared.get("AllowedValues", ())]
    pattern = declared.get("AllowedPattern")
    ok = not allowed or text in allowed
    ok = ok and (pattern is None or re.fullmatch(str(pattern), text) is not None)
    ok = ok and int(declared.get("MinLength", 0)) <= len(text) <= int(declared.get("MaxLength", len(text)))
    if "Number" in str(declared.get("Type")):
        try:
            number = float(text)
        except ValueError:
            raise TemplateError(f"The parameter {name} is a number.") from None
        ok = ok and float(declared.get("MinValue", number)) <= number <= float(declared.get("MaxValue", number))
    if not ok:
        why = declared.get("ConstraintDescription", "")
        raise TemplateError(f"The value of the parameter {name} is not allowed. {why}".rstrip())
    return Secret(text) if str(declared.get("NoEcho", "")).lower() == "true" else text
