"""User pools, and the schema of their users."""

from base64 import b64decode
from typing import Any

import pytest
from cryptography.x509 import load_der_x509_certificate
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import LEFT_OUT, MODEL, Turns, differences

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:{}"
KEY = "arn:aws:kms:us-east-1:000000000000:key/{}"
ROLE = "arn:aws:iam::000000000000:role/{}"
SENDER = "arn:aws:ses:us-east-1:000000000000:identity/{}"


def two(text: str, *names: str) -> Turns:
    """An ARN or a text, and another at the next turn."""
    return Turns(text.format(name) for name in names or ("one", "two"))


def functions() -> dict[str, Turns]:
    """A function of its own for each trigger."""
    members = MODEL.shape_for("LambdaConfigType").members.items()
    ways = {name: name if shape.type_name == "string" else f"{name}.LambdaArn" for name, shape in members}
    return {way: two(FUNCTION, f"{name}-1", f"{name}-2") for name, way in ways.items()}


LEVELS = {f"Level{level}": {"AcrValue": f"urn:example:{level}"} for level in (1, 2, 3, 4)}
# These stand twice, by an older member and in the template.
CODE = Turns(("Code {####}", "Your code: {####}"))
SUBJECT = Turns(("Code", "Your code"))
SHORT = Turns(("Proof {####}", "Your proof: {####}"))
POOL = {
    "PoolName": Turns(("people", "staff")),
    "MinimumLength": Turns((10, 14)),
    "TemporaryPasswordValidityDays": Turns((3, 9)),
    "UnusedAccountValidityDays": LEFT_OUT,
    "AllowedFirstAuthFactors": Turns((["PASSWORD", "WEB_AUTHN", "SMS_OTP"], ["PASSWORD", "EMAIL_OTP"])),
    "MfaConfiguration": Turns(("OPTIONAL", "OFF")),
    **functions(),
    "PreTokenGenerationConfig.LambdaArn": functions()["PreTokenGeneration"],
    "KMSKeyID": two(KEY),
    "AutoVerifiedAttributes": Turns((["email"], ["email", "phone_number"])),
    "AttributesRequireVerificationBeforeUpdate": Turns((["email"], ["phone_number"])),
    "SmsAuthenticationMessage": Turns(("Sign in: {####}", "Sign in by {####}")),
    "EmailVerificationMessage": CODE,
    "EmailVerificationSubject": SUBJECT,
    "SmsVerificationMessage": SHORT,
    "VerificationMessageTemplate.EmailMessage": CODE,
    "VerificationMessageTemplate.EmailSubject": SUBJECT,
    "VerificationMessageTemplate.SmsMessage": SHORT,
    "EmailMessageByLink": Turns(("Go {##here##}", "Go {##there##}")),
    "EmailSubjectByLink": Turns(("Link", "Your link")),
    "InviteMessageTemplate.EmailMessage": Turns(("Welcome {username} {####}", "{username}: {####}")),
    "InviteMessageTemplate.EmailSubject": Turns(("Welcome", "Come in")),
    "InviteMessageTemplate.SMSMessage": Turns(("{username} {####}", "{####} is of {username}")),
    "EmailConfiguration.SourceArn": two(SENDER, "example.com", "example.org"),
    "EmailConfiguration.EmailSendingAccount": "DEVELOPER",
    "EmailConfiguration.From": Turns(("Us <us@example.com>", "we@example.org")),
    "EmailConfiguration.ReplyToEmailAddress": Turns(("help@example.com", "help@example.org")),
    "SnsCallerArn": two(ROLE, "sns-1", "sns-2"),
    "SnsRegion": "us-east-1",
    "EumsSms.CallerArn": two(ROLE, "eums-1", "eums-2"),
    "EumsSms.Region": Turns(("us-east-1", "us-west-2")),
    "UserPoolTags": Turns(({"stage": "test"}, {"stage": "live", "team": "a"})),
    "RecoveryMechanisms": Turns(
        (
            [{"Name": "verified_email", "Priority": 1}, {"Name": "verified_phone_number", "Priority": 2}],
            [{"Name": "admin_only", "Priority": 1}],
        )
    ),
    "KmsKeyArn": two(KEY, "three", "four"),
    "AllowedScopes": Turns((["openid"], ["openid", "email"])),
    "AcrConfiguration": Turns((LEVELS, {**LEVELS, "Level3": {"AcrValue": "urn:example:three"}})),
}
PLAIN = {"AttributeDataType": "String", "DeveloperOnlyAttribute": False, "Mutable": True, "Required": False}
LENGTHS = {"StringAttributeConstraints": {"MinLength": "1", "MaxLength": "9"}}
VALUES = {"NumberAttributeConstraints": {"MinValue": "-1", "MaxValue": "9"}}
ADDED = [
    {**PLAIN, **LENGTHS, "Name": "tier"},
    {**PLAIN, "Name": "hired", "AttributeDataType": "DateTime", "Mutable": False},
    {**PLAIN, **VALUES, "Name": "score", "AttributeDataType": "Number"},
    {**PLAIN, "Name": "vip", "AttributeDataType": "Boolean"},
    {**PLAIN, **LENGTHS, "Name": "note", "DeveloperOnlyAttribute": True},
]
ONLY_AT_CREATION = {
    "Schema": [{**PLAIN, **LENGTHS, "Name": "name", "Required": True}, *ADDED],
    "AliasAttributes": ["email", "preferred_username"],
    "UsernameAttributes": LEFT_OUT,
    "CaseSensitive": False,
}
KEPT = {
    *("Id", "Arn", "Name", "CreationDate", "Policies", "MfaConfiguration", "DcrConfiguration", "UserPoolTags"),
    *("UserAttributeUpdateSettings", "SchemaAttributes", "AliasAttributes", "UsernameConfiguration"),
}
"""What stays when an update says nothing of it."""


def described(asker: Asker, **own: str) -> dict[str, Any]:
    told: dict[str, Any] = asker.ask("DescribeUserPool", **own)["UserPool"]
    return told


def attributes(described: dict[str, Any]) -> dict[str, Any]:
    """A pool's attributes, by the names that it was given for them."""
    return {each["Name"].split(":")[-1]: each for each in described["SchemaAttributes"]}


def added(attribute: dict[str, Any]) -> dict[str, Any]:
    """How a custom attribute is told."""
    developer = "dev:" if attribute["DeveloperOnlyAttribute"] else ""
    return {**attribute, "Name": f"{developer}custom:{attribute['Name']}"}


@story("CreateUserPool", "DescribeUserPool", "UpdateUserPool", "DeleteUserPool", "ListUserPools")
def user_pools(asker: Asker) -> None:
    made, answer = asker.ask_all("CreateUserPool", {**POOL, **ONLY_AT_CREATION})
    created = answer["UserPool"]
    own = {"UserPoolId": created["Id"]}
    name, (standard, *custom) = made.pop("PoolName"), made.pop("Schema")
    assert differences({**made, "Name": name}, created) == []
    assert differences({each["Name"]: added(each) for each in custom}, attributes(created)) == []
    assert attributes(created)["name"] == standard
    assert described(asker, **own) == created

    asker.house.clock.advance(seconds=60)
    changed, _ = asker.ask_all("UpdateUserPool", {**POOL, **own}, turn=1)
    told = described(asker, **own)
    assert differences({"Id": changed.pop("UserPoolId"), "Name": changed.pop("PoolName"), **changed}, told) == []
    fixed = ("CreationDate", "Arn", "SchemaAttributes", "AliasAttributes", "UsernameConfiguration")
    assert {each: told[each] for each in fixed} == {each: created[each] for each in fixed}
    assert told["LastModifiedDate"] > created["LastModifiedDate"]

    # What must be verified has to be said with what stays.
    said = {name: told[name] for name in ("AutoVerifiedAttributes", "SmsConfiguration")}
    asker.ask("UpdateUserPool", **own, **said)
    bare = described(asker, **own)
    plain = described(asker, UserPoolId=asker.ask("CreateUserPool", PoolName="plain")["UserPool"]["Id"])
    days = {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 9}
    assert bare == {**plain, **{name: told[name] for name in KEPT}, **said, "AdminCreateUserConfig": days}

    page = asker.ask("ListUserPools", MaxResults=1)
    rest = asker.ask("ListUserPools", MaxResults=1, NextToken=page["NextToken"])
    listed = {pool["Id"]: pool for pool in page["UserPools"] + rest["UserPools"]}
    shown = ("Id", "Name", "LambdaConfig", "CreationDate", "LastModifiedDate")
    assert listed == {pool["Id"]: {each: pool[each] for each in shown} for pool in (bare, plain)}

    asker.ask("DeleteUserPool", **own)
    with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
        described(asker, **own)
    assert [pool["Id"] for pool in asker.ask("ListUserPools", MaxResults=1)["UserPools"]] == [plain["Id"]]
    say_what_excludes_others(asker)


def say_what_excludes_others(asker: Asker) -> None:
    """Names that are addresses instead of aliases; and what has two members, by the older one alone."""
    older = {
        "SmsVerificationMessage": "A {####}",
        "EmailVerificationMessage": "B {####}",
        "EmailVerificationSubject": "C",
    }
    template = {"SmsMessage": "A {####}", "EmailMessage": "B {####}", "EmailSubject": "C"}
    names = {"UsernameAttributes": ["email", "phone_number"]}
    days = {"UnusedAccountValidityDays": 5}
    pool = asker.ask("CreateUserPool", PoolName="addresses", **names, **older, AdminCreateUserConfig=days)["UserPool"]
    own = {"UserPoolId": pool["Id"]}
    both = {**older, "VerificationMessageTemplate": template, "AdminCreateUserConfig": days}
    assert differences({**names, **both}, pool) == []
    assert pool["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] == 5
    assert described(asker, **own) == pool

    days = {"UnusedAccountValidityDays": 6}
    asker.ask("UpdateUserPool", **own, VerificationMessageTemplate=template, AdminCreateUserConfig=days)
    told = described(asker, **own)
    assert differences({**names, **both, "AdminCreateUserConfig": days}, told) == []
    assert told["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] == 6


@story("AddCustomAttributes", "GetCSVHeader")
def custom_attributes(asker: Asker) -> None:
    own = {"UserPoolId": asker.house.pool()}
    before = described(asker, **own)["SchemaAttributes"]
    columns = asker.ask("GetCSVHeader", **own)["CSVHeader"]
    names = {each["Name"] for each in before} - {"sub", "identities"}
    assert {*columns} == {"cognito:username", "cognito:mfa_enabled", *names}

    for some in (ADDED[:2], ADDED[2:]):
        asker.ask("AddCustomAttributes", **own, CustomAttributes=some)
    told = described(asker, **own)
    assert differences({each["Name"]: added(each) for each in ADDED}, attributes(told)) == []
    assert told["SchemaAttributes"][: len(before)] == before

    header = asker.ask("GetCSVHeader", **own)
    assert header["UserPoolId"] == own["UserPoolId"]
    assert {*header["CSVHeader"]} - {*columns} == {added(each)["Name"] for each in ADDED}
    with pytest.raises(asker.house.idp.exceptions.InvalidParameterException):
        asker.ask("AddCustomAttributes", **own, CustomAttributes=ADDED[:1])


@story("GetSigningCertificate")
def signing_certificates(asker: Asker) -> None:
    one, other = asker.house.pool(), asker.house.pool()
    told = [asker.ask("GetSigningCertificate", UserPoolId=each)["Certificate"] for each in (one, other, one)]

    assert told[0] == told[2] != told[1]
    certificate = load_der_x509_certificate(b64decode(told[0], validate=True))
    years = certificate.not_valid_after_utc.year - certificate.not_valid_before_utc.year
    assert (certificate.public_key().key_size, years) == (2048, 10)
