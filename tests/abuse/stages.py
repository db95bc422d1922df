"""Every challenge of a sign-in, reached as a client does, with the answer that is right: for tests that spoil one.

`Stage` is one challenge that waits for its answer; `reach` brings alice, or anybody, up to it.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from pycognito.aws_srp import long_to_hex
from tests.abuse.questions import ANSWER
from tests.authenticators import SES, SMS, App
from tests.passkeys import Authenticator
from tests.remembered import Gadget, Remembering
from tests.world import FLOWS, PASSWORD, World

from lido.flows import recovery_codes, trigger_targets
from lido.flows.trigger_targets import Wish

TEMPORARY, NEW = "Temp0rary-pass!", "New-Passw0rd!"
MFA_BLOCKS = ("SMSMfaSettings", "EmailMfaSettings", "SoftwareTokenMfaSettings")
QUESTIONS = {"DefineAuthChallenge": "define", "CreateAuthChallenge": "create", "VerifyAuthChallengeResponse": "verify"}
FIRST = ["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]


class Stage(NamedTuple):
    """A challenge that waits. `session` is None where a parameter carries it; `ends`: the answer gives tokens."""

    challenge: str
    session: str | None
    answer: dict[str, str]
    ends: bool = True


class Everything(Remembering):
    """A pool with all factors there are, first and second, and devices; nobody has to use any."""

    def __init__(self, house: World) -> None:
        self.apps: dict[str, App] = {}
        self.keys: dict[str, Authenticator] = {}
        self.gadgets: dict[str, Gadget] = {}
        super(Remembering, self).__init__(house, sms=True, email=True)
        house.idp.update_user_pool(
            UserPoolId=self.pool_id,
            MfaConfiguration="OPTIONAL",
            Policies={"SignInPolicy": {"AllowedFirstAuthFactors": FIRST}},
            SmsConfiguration=SMS,
            EmailConfiguration=SES,
            AutoVerifiedAttributes=["email"],
            DeviceConfiguration={"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False},
        )
        for trigger, function in QUESTIONS.items():
            wish = Wish(name=f"{self.pool_id}-{function}", kind="python", address=f"tests.abuse.questions:{function}")
            trigger_targets.register(house.call(), self.pool_id, trigger, wish)
        self.client_id = self.sister()
        self.passkeys("SINGLE_FACTOR")
        self.option(
            magic_links="same_device", magic_link_url="https://app.example.com", recovery_codes="true", profile="secure"
        )
        self.join("alice", "1")

    def sister(self) -> str:
        """One more client that may do all that the first may."""
        return str(
            self.house.app(self.pool_id, ExplicitAuthFlows=[*FLOWS, "ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH"])["ClientId"]
        )

    def passkeys(self, kind: str, mode: str = "OPTIONAL") -> None:
        self.configure(mode, WebAuthnConfiguration={"RelyingPartyId": "example.com", "FactorConfiguration": kind})

    def join(self, username: str, digit: str) -> None:
        """Somebody with both addresses, a passkey, an authenticator that is not asked for, and a remembered device."""
        self.house.user(
            self.pool_id,
            username,
            email=self.mailbox(username),
            email_verified="true",
            phone_number=f"+1555010000{digit}",
            phone_number_verified="true",
        )
        tokens, gadget = self.gadget(username)
        token = tokens["AccessToken"]
        idp, key = self.house.idp_unsigned, Authenticator()
        started = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
        idp.complete_web_authn_registration(AccessToken=token, Credential=key.create(started))
        app = self.associate(token)
        self.verify(token, app.code())
        self.house.clock.advance(seconds=60)
        self.apps[username], self.keys[username], self.gadgets[username] = app, key, gadget

    def mailbox(self, username: str) -> str:
        return f"{username}@example.com"

    def telephone(self, username: str) -> str:
        user = self.house.idp.admin_get_user(UserPoolId=self.pool_id, Username=username)
        return next(str(each["Value"]) for each in user["UserAttributes"] if each["Name"] == "phone_number")

    def switch(self, username: str, *blocks: str) -> None:
        """Exactly these second factors are on."""
        wishes = {block: {"Enabled": block in blocks} for block in MFA_BLOCKS}
        self.house.idp.admin_set_user_mfa_preference(UserPoolId=self.pool_id, Username=username, **wishes)

    def choose(self, username: str, choice: str, **given: str) -> dict[str, Any]:
        return self.initiate("USER_AUTH", USERNAME=username, PREFERRED_CHALLENGE=choice, **given)

    def by_password(self, username: str, **given: str) -> dict[str, Any]:
        return self.initiate(USERNAME=username, PASSWORD=PASSWORD, **given)

    def give(self, stage: Stage, **spoilt: str) -> dict[str, Any]:
        return self.respond(stage.challenge, stage.session, **{**stage.answer, **spoilt})


def select_challenge(people: Everything, username: str) -> Stage:
    begun = people.initiate("USER_AUTH", USERNAME=username)
    return Stage(begun["ChallengeName"], begun["Session"], {"ANSWER": "EMAIL_OTP"}, ends=False)


def password(people: Everything, username: str) -> Stage:
    begun = people.choose(username, "PASSWORD")
    return Stage(begun["ChallengeName"], begun["Session"], {"PASSWORD": PASSWORD})


def password_verifier(people: Everything, username: str) -> Stage:
    half = people.srp(username)
    begun = people.initiate("USER_SRP_AUTH", **half.get_auth_params())
    return Stage(
        begun["ChallengeName"], None, half.process_challenge(begun["ChallengeParameters"], half.get_auth_params())
    )


def question(people: Everything, username: str) -> Stage:
    begun = people.initiate("CUSTOM_AUTH", USERNAME=username)
    return Stage(begun["ChallengeName"], begun["Session"], {"ANSWER": ANSWER})


def email_first(people: Everything, username: str) -> Stage:
    begun = people.choose(username, "EMAIL_OTP")
    return Stage(
        begun["ChallengeName"], begun["Session"], {"EMAIL_OTP_CODE": people.house.code(people.mailbox(username))}
    )


def sms_first(people: Everything, username: str) -> Stage:
    begun = people.choose(username, "SMS_OTP")
    return Stage(
        begun["ChallengeName"], begun["Session"], {"SMS_OTP_CODE": people.house.code(people.telephone(username))}
    )


def link_here(people: Everything, username: str) -> Stage:
    begun = people.choose(username, "EMAIL_LINK")
    return Stage(begun["ChallengeName"], begun["Session"], {"EMAIL_OTP_CODE": newest_link(people, username)["code"]})


def newest_link(people: Everything, username: str) -> dict[str, str]:
    """What the newest link carries."""
    fragment = urlsplit(people.house.messages(people.mailbox(username))[-1]["link"]).fragment
    return {name: values[0] for name, values in parse_qs(fragment).items()}


def passkey_first(people: Everything, username: str) -> Stage:
    return _signed(people, username, people.choose(username, "WEB_AUTHN"))


def passkey_second(people: Everything, username: str) -> Stage:
    people.passkeys("MULTI_FACTOR_WITH_USER_VERIFICATION")
    people.switch(username, "SMSMfaSettings")
    people.house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username=username, WebAuthnMfaSettings={"Enabled": True}
    )
    chosen = people.by_password(username)
    answer = {"USERNAME": username, "ANSWER": "WEB_AUTHN"}
    return _signed(people, username, people.respond(chosen["ChallengeName"], chosen["Session"], **answer))


def _signed(people: Everything, username: str, asked: dict[str, Any]) -> Stage:
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    return Stage(
        asked["ChallengeName"], asked["Session"], {"CREDENTIAL": json.dumps(people.keys[username].get(options))}
    )


def new_password(people: Everything, username: str) -> Stage:
    people.house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username=username, Password=TEMPORARY, Permanent=False
    )
    begun = people.initiate(USERNAME=username, PASSWORD=TEMPORARY)
    return Stage(begun["ChallengeName"], begun["Session"], {"NEW_PASSWORD": NEW})


def sms_second(people: Everything, username: str) -> Stage:
    people.switch(username, "SMSMfaSettings")
    begun = people.by_password(username)
    return Stage(
        begun["ChallengeName"], begun["Session"], {"SMS_MFA_CODE": people.house.code(people.telephone(username))}
    )


def email_second(people: Everything, username: str) -> Stage:
    people.switch(username, "EmailMfaSettings")
    begun = people.by_password(username)
    return Stage(
        begun["ChallengeName"], begun["Session"], {"EMAIL_OTP_CODE": people.house.code(people.mailbox(username))}
    )


def totp(people: Everything, username: str) -> Stage:
    people.switch(username, "SoftwareTokenMfaSettings")
    begun = people.by_password(username)
    return Stage(begun["ChallengeName"], begun["Session"], {"SOFTWARE_TOKEN_MFA_CODE": people.apps[username].code()})


def recovery_code(people: Everything, username: str) -> Stage:
    people.switch(username, "SoftwareTokenMfaSettings")
    made = recovery_codes.make_for(people.house.call(), people.pool_id, username)
    begun = people.by_password(username)
    return Stage(begun["ChallengeName"], begun["Session"], {"RECOVERY_CODE": made[0]})


def select_mfa(people: Everything, username: str) -> Stage:
    people.switch(username, "SMSMfaSettings", "SoftwareTokenMfaSettings")
    begun = people.by_password(username)
    return Stage(begun["ChallengeName"], begun["Session"], {"ANSWER": "SMS_MFA"}, ends=False)


def mfa_setup(people: Everything, username: str) -> Stage:
    """An authenticator was set up by the operations for it; what remains is to go on."""
    idp, pool = people.house.idp, people.pool_id
    people.switch(username)
    idp.admin_delete_software_token(UserPoolId=pool, Username=username)
    idp.admin_delete_user_attributes(UserPoolId=pool, Username=username, UserAttributeNames=["phone_number"])
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}
    idp.update_user_pool(UserPoolId=pool, MfaConfiguration="OPTIONAL", Policies=policy, EmailConfiguration=SES)
    people.passkeys("SINGLE_FACTOR", "ON")
    begun = people.by_password(username)
    unsigned = people.house.idp_unsigned
    associated = unsigned.associate_software_token(Session=begun["Session"])
    code = App(people.house, associated["SecretCode"]).code()
    verified = unsigned.verify_software_token(Session=associated["Session"], UserCode=code)
    return Stage(begun["ChallengeName"], verified["Session"], {})


def device_srp(people: Everything, username: str) -> Stage:
    gadget = people.gadgets[username]
    begun = people.by_password(username, DEVICE_KEY=gadget.key)
    first = long_to_hex(people.half(gadget, username).large_a_value)
    answer = {"DEVICE_KEY": gadget.key, "SRP_A": first}
    return Stage(begun["ChallengeName"], begun["Session"], answer, ends=False)


def device_verifier(people: Everything, username: str) -> Stage:
    gadget = people.gadgets[username]
    begun = people.by_password(username, DEVICE_KEY=gadget.key)
    half = people.half(gadget, username)
    answer = {"USERNAME": username, "DEVICE_KEY": gadget.key, "SRP_A": long_to_hex(half.large_a_value)}
    asked = people.respond("DEVICE_SRP_AUTH", begun["Session"], **answer)
    return Stage(asked["ChallengeName"], None, half.process_device_challenge(asked["ChallengeParameters"]))


PROVING: dict[str, Callable[[Everything, str], Stage]] = {
    "a password": password,
    "a question of the pool's own": question,
    "SRP": password_verifier,
    "an e-mail code": email_first,
    "an SMS code": sms_first,
    "a magic link": link_here,
    "a passkey": passkey_first,
    "a new password": new_password,
    "a second SMS code": sms_second,
    "a second e-mail code": email_second,
    "an authenticator": totp,
    "a recovery code": recovery_code,
    "a second passkey": passkey_second,
    "a set-up": mfa_setup,
    "a device": device_verifier,
}
"""The challenges whose right answer proves or changes something, by what is asked."""
CHOOSING: dict[str, Callable[[Everything, str], Stage]] = {
    "a choice of the first factor": select_challenge,
    "a choice of the second factor": select_mfa,
    "a device's first half": device_srp,
}
"""The challenges whose right answer only says how to go on."""


def reach(people: Everything, name: str, username: str = "alice") -> Stage:
    """That stage of that person, with the right answer."""
    stage = (PROVING | CHOOSING)[name](people, username)
    return stage._replace(answer={"USERNAME": username, **stage.answer})
