"""User pools. What they are made with, what SetUserPoolMfaConfig adds, and what is fixed for ever."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lido.call import Call
from lido.stacks import TemplateError
from lido.stacks.comparing import Difference, Path, at, merged
from lido.stacks.door import Door
from lido.stacks.kinds import Kind, Properties, gone
from lido.stacks.kinds.of_pools import members
from lido.stacks.shaping import NAMES
from lido.stacks.values import is_known

_FIXED = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
_MFA: dict[str, str] = {
    "EnabledMfas": NAMES,
    "MfaConfiguration": "UserPoolMfaType",
    "EmailAuthenticationMessage": "EmailMfaMessageType",
    "EmailAuthenticationSubject": "EmailMfaSubjectType",
    "WebAuthnRelyingPartyID": "RelyingPartyIdType",
    "WebAuthnUserVerification": "UserVerificationType",
    "WebAuthnFactorConfiguration": "WebAuthnFactorConfigurationType",
}
_WEB_AUTHN = {
    "WebAuthnRelyingPartyID": "RelyingPartyId",
    "WebAuthnUserVerification": "UserVerification",
    "WebAuthnFactorConfiguration": "FactorConfiguration",
}
_EMAIL = {"EmailAuthenticationMessage": "Message", "EmailAuthenticationSubject": "Subject"}
# The members of older times, and what says the same today: Cognito tells both.
_TWINS: tuple[tuple[Path, Path], ...] = (
    (("SmsVerificationMessage",), ("VerificationMessageTemplate", "SmsMessage")),
    (("EmailVerificationMessage",), ("VerificationMessageTemplate", "EmailMessage")),
    (("EmailVerificationSubject",), ("VerificationMessageTemplate", "EmailSubject")),
    (
        ("AdminCreateUserConfig", "UnusedAccountValidityDays"),
        ("Policies", "PasswordPolicy", "TemporaryPasswordValidityDays"),
    ),
    (("LambdaConfig", "PreTokenGeneration"), ("LambdaConfig", "PreTokenGenerationConfig")),
)
# UpdateUserPool keeps these when they are left out: how they are taken back.
_KEPT: dict[str, Any] = {
    "DcrConfiguration": {"EnableStatus": "Disabled"},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    "UserPoolTags": {},
}
_POLICIES: dict[str, Any] = {
    "PasswordPolicy": {
        "MinimumLength": 8,
        "RequireUppercase": True,
        "RequireLowercase": True,
        "RequireNumbers": True,
        "RequireSymbols": True,
    },
    "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
}


class UserPool(Kind):
    type = "AWS::Cognito::UserPool"
    rank = 0
    properties = {  # noqa: RUF012 - never changed
        "UserPoolName": "UserPoolNameType",
        **members("CreateUserPoolRequest", "PoolName"),
        **_MFA,
    }
    required = ()
    replaced_by = ()
    operations = ("CreateUserPool",)

    def normal(self, wanted: Properties, generated: str) -> Properties:
        """Cognito's way with zeros, with names of attributes, and with factors where there is no second one."""
        found = {"UserPoolName": generated, **wanted}
        if found.get("MfaConfiguration", "OFF") == "OFF":
            found.pop("EnabledMfas", None)
        factors = found.get("EnabledMfas", ())
        if is_known(factors) and "EMAIL_OTP" not in factors:  # its words are told while it is on
            found = {name: value for name, value in found.items() if name not in _EMAIL}
        if "Schema" in found:
            found["Schema"] = [_schema_entry(entry) for entry in found["Schema"]]
        return found

    def differences(self, wanted: Properties, present: Properties, set_before: Collection[Path]) -> list[Difference]:
        """Of the schema only what is to be added; raises TemplateError for what is fixed and differs."""
        schema = {entry["Name"]: entry for entry in present.get("Schema", ())}
        compared = {name: value for name, value in wanted.items() if name != "Schema"}
        seen = {name: value for name, value in present.items() if name != "Schema"}
        found = super().differences(compared, seen, [path for path in set_before if path[0] != "Schema"])
        _refuse_fixed([each.path[0] for each in found if each.path[0] in _FIXED])
        found += _twins_of_gone(found, wanted, present, set_before)
        for entry in wanted.get("Schema", ()):
            there = schema.get(entry["Name"])
            if there is None:
                found.append(Difference(("Schema", entry["Name"]), None, entry))
            elif super().differences(entry, there, ()):
                _refuse_fixed([f"Schema: {entry['Name']}"])
        return found

    def expected(self, wanted: Properties) -> str:  # noqa: ARG002 - its id is chosen when it is made
        return ""

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        given = {name: value for name, value in wanted.items() if name not in _MFA and name != "UserPoolName"}
        if "Schema" in given:
            given["Schema"] = list(map(_as_cloudformation_makes_it, given["Schema"]))
        made = door.ask("CreateUserPool", call, PoolName=wanted["UserPoolName"], **given)
        return str(made["UserPool"]["Id"])

    def read(self, door: Door, physical_id: str) -> Properties | None:
        found = door.find("DescribeUserPool", UserPoolId=physical_id)
        if found is None:
            return None
        pool = found["UserPool"]
        told = {name: value for name, value in pool.items() if name in self.properties}
        # A custom attribute that is called as a standard one is not the one that a template means.
        schema = sorted(pool.get("SchemaAttributes", ()), key=lambda entry: ":" not in entry["Name"])
        told |= {"UserPoolName": pool["Name"], "Schema": list(map(_schema_entry, schema))}
        return {**told, **_mfa_properties(door.ask("GetUserPoolMfaConfig", UserPoolId=physical_id))}

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        """Custom attributes, then what UpdateUserPool takes, then the second factors."""
        changed = {each.path[0] for each in found}
        added = [_as_cloudformation_makes_it(each.wanted) for each in found if each.path[0] == "Schema"]
        if added:
            door.ask("AddCustomAttributes", UserPoolId=physical_id, CustomAttributes=added)
        complete = _with_one_of_twins(merged(present, wanted, gone(found)), wanted)
        steps = [self._update_pool, self._set_mfa]
        if complete.get("MfaConfiguration", "OFF") == "OFF":
            steps.reverse()
        for step in steps:
            step(door, physical_id, complete, changed)

    def delete(self, door: Door, physical_id: str) -> None:
        door.ask("DeleteUserPool", UserPoolId=physical_id)

    def find(self, door: Door, wanted: Properties) -> str | None:
        pools = door.every("ListUserPools", "UserPools", MaxResults=60)
        return only([pool["Id"] for pool in pools if pool["Name"] == wanted["UserPoolName"]], self.type)

    def attributes(self, door: Door, physical_id: str) -> Mapping[str, Any]:
        issuer = door.issuer(physical_id)
        return {
            "Arn": f"arn:aws:cognito-idp:{door.region}:{door.account}:userpool/{physical_id}",
            "ProviderName": issuer.partition("://")[2],
            "ProviderURL": issuer,
            "UserPoolId": physical_id,
        }

    def _update_pool(self, door: Door, pool_id: str, complete: Properties, changed: set[str]) -> None:
        taken = members("UpdateUserPoolRequest", "MfaConfiguration")
        if not any(name in taken or name == "UserPoolName" for name in changed):
            return
        given = {name: value for name, value in complete.items() if name in taken}
        given["Policies"] = {**_POLICIES, **given.get("Policies", {})}
        given = {**{name: value for name, value in _KEPT.items() if name in changed}, **given}
        door.ask("UpdateUserPool", UserPoolId=pool_id, PoolName=complete["UserPoolName"], **given)

    def _set_mfa(self, door: Door, pool_id: str, complete: Properties, changed: set[str]) -> None:
        if not changed & {*_MFA, "SmsAuthenticationMessage", "SmsConfiguration"}:
            return
        mode, factors = complete.get("MfaConfiguration", "OFF"), complete.get("EnabledMfas", ())
        on = mode != "OFF"
        sms = {name: complete.get(name) for name in ("SmsAuthenticationMessage", "SmsConfiguration")}
        door.ask(
            "SetUserPoolMfaConfig",
            UserPoolId=pool_id,
            MfaConfiguration=mode,
            SmsMfaConfiguration=_given(sms) if on and "SMS_MFA" in factors else None,
            SoftwareTokenMfaConfiguration={"Enabled": True} if on and "SOFTWARE_TOKEN_MFA" in factors else None,
            EmailMfaConfiguration=_renamed(complete, _EMAIL) if on and "EMAIL_OTP" in factors else None,
            WebAuthnConfiguration=_renamed(complete, _WEB_AUTHN) or None,
        )


def only(found: Sequence[str], type_: str) -> str | None:
    """The one that was found, or None. Raises TemplateError where there are several."""
    if len(found) > 1:
        raise TemplateError(
            f"{len(found)} of {type_} are called so: say which with Metadata: Lido: PhysicalId ({', '.join(found)})."
        )
    return found[0] if found else None


def _refuse_fixed(names: Sequence[str]) -> None:
    if names:
        raise TemplateError(
            f"{', '.join(names)} of a user pool cannot change; `lido pool set` changes names and required attributes."
        )


def _mfa_properties(told: Mapping[str, Any]) -> Properties:
    factors = {
        "SMS_MFA": "SmsMfaConfiguration" in told,
        "SOFTWARE_TOKEN_MFA": told.get("SoftwareTokenMfaConfiguration", {}).get("Enabled", False),
        "EMAIL_OTP": "EmailMfaConfiguration" in told,
    }
    email, web_authn = told.get("EmailMfaConfiguration", {}), told.get("WebAuthnConfiguration", {})
    return {
        "MfaConfiguration": told.get("MfaConfiguration", "OFF"),
        "EnabledMfas": [name for name, is_on in factors.items() if is_on],
        **{name: email[member] for name, member in _EMAIL.items() if member in email},
        **{name: web_authn[member] for name, member in _WEB_AUTHN.items() if member in web_authn},
    }


def _schema_entry(entry: Properties) -> Properties:
    """An attribute by its whole name."""
    if not is_known(entry) or "Name" not in entry:
        return entry
    name = str(entry["Name"])
    return {**entry, "Name": name.removeprefix("dev:").removeprefix("custom:")}


def _as_cloudformation_makes_it(entry: Properties) -> Properties:
    """What a template does not call mutable is not: a tenant or a role that its users cannot change."""
    return {"Mutable": False, **entry}


def _twins_of_gone(
    found: Sequence[Difference], wanted: Properties, present: Properties, set_before: Collection[Path]
) -> list[Difference]:
    """What goes back to its default because the template, that had set it under its other name, has it no more."""
    left = [twins for twins in _TWINS if not any(at(wanted, twin) is not None for twin in twins)]
    going = [
        twin for twins in left if any(_is_at(twin, path) for twin in twins for path in set_before) for twin in twins
    ]
    there = [twin for twin in going if at(present, twin) is not None]
    return [
        Difference(twin, at(present, twin), None)
        for twin in there
        if not any(_is_at(each.path, twin) for each in found)
    ]


def _is_at(path: Path, inner: Path) -> bool:
    return inner[: len(path)] == path


def _with_one_of_twins(complete: Properties, wanted: Properties) -> Properties:
    """Of two members that say the same the one that the template says, else that of today."""
    unsaid: list[Path] = []
    for old, new in _TWINS:
        says_old, says_new = at(wanted, old) is not None, at(wanted, new) is not None
        if says_old and not says_new:
            unsaid.append(new)
        elif not says_old and at(complete, new) is not None:
            unsaid.append(old)
    return merged(complete, {}, unsaid)


def _given(members_: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members_.items() if value is not None}


def _renamed(properties: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {member: properties[name] for name, member in names.items() if properties.get(name) is not None}
