"""What people do with a challenge: the right answer, one that is wrong, old or somebody else's, and which is which.

An answer is judged by what stands in it, not by what was intended: a wrong one may be right by chance.
"""

import json
from typing import Any

from pycognito.aws_srp import AWSSRP, long_to_hex
from tests.journeys.factor_model import knows, level, seconds, wanted
from tests.journeys.factor_things import TOTP_STEP, Person, Phone, Pool, Shown, Step
from tests.passkeys import BE, UV, Authenticator

NEW_PASSWORDS = ("Passw0rd!", "An0ther!pw", "Th1rd-word", "F0urth.word")
ANSWERS = {
    "SMS_MFA": "SMS_MFA_CODE",
    "SMS_OTP": "SMS_OTP_CODE",
    "EMAIL_OTP": "EMAIL_OTP_CODE",
    "SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",
}
BLOCK = "PASSWORD_CLAIM_SECRET_BLOCK"
SIGNATURE = "PASSWORD_CLAIM_SIGNATURE"


class Hands:
    """Client halves of SRP, authenticators and apps of everybody in a walk."""

    def __init__(self) -> None:
        self._signed: dict[str, tuple[str, str, str]] = {}
        self._asserted: dict[str, tuple[Authenticator, str, bool]] = {}

    def half(self, pool: Pool, client_id: str, username: str) -> AWSSRP:
        return AWSSRP(username, "", pool.id, client_id, client=object())

    def device_half(self, step: Step, person: Person) -> AWSSRP:
        known = person.devices.get(step.device)
        gadget = known.gadget if known else None
        return AWSSRP(
            person.username,
            "",
            person.pool.id,
            step.client.id,
            client=object(),
            device_key=step.device,
            device_group_key=gadget.group_key if gadget else "-x",
            device_password=gadget.password if gadget else "x",
        )

    def claim(self, step: Step, password: str) -> dict[str, str]:
        """The second half of SRP, by a password."""
        half = step.half
        half.password = password
        given = half.process_challenge(step.parameters, {"USERNAME": step.person.username})
        self._signed[given[SIGNATURE]] = (given[BLOCK], "user", password)
        return dict(given)

    def device_claim(self, step: Step, *, wrong: bool) -> dict[str, str]:
        half = step.half
        kept = half.device_password
        half.device_password = "wrong" if wrong else kept
        given = half.process_device_challenge(step.parameters)
        half.device_password = kept
        self._signed[given[SIGNATURE]] = (given[BLOCK], "wrong" if wrong else step.device, "")
        return dict(given)

    def assertion(self, step: Step, passkey: Authenticator, *, verifies: bool = True) -> str:
        options = json.loads(step.parameters["CREDENTIAL_REQUEST_OPTIONS"])
        flags = passkey.flags if verifies else passkey.flags & ~UV
        text = json.dumps(passkey.get(options, flags=flags))
        self._asserted[text] = (passkey, options["challenge"], verifies)
        return text

    # What is right.

    def shows(self, step: Step, given: dict[str, str], now: int) -> Shown | None:
        """What these answers truly show of the step's person; None for nothing."""
        person, challenge = step.person, step.challenge
        if "RECOVERY_CODE" in given and takes_recovery(step):
            return Shown("recovery", now) if given["RECOVERY_CODE"] in person.recovery else None
        if challenge == "PASSWORD":
            right = person.password is not None and given.get("PASSWORD") == person.password
            return Shown("password", now) if right else None
        if challenge in ("PASSWORD_VERIFIER", "DEVICE_PASSWORD_VERIFIER"):
            return self._srp(step, given, now)
        if challenge == "WEB_AUTHN":
            return self._passkey(step, given.get("CREDENTIAL", ""), now)
        if challenge == "SOFTWARE_TOKEN_MFA":
            code = given.get(ANSWERS[challenge], "")
            found = any(phone.step_of(code, now) for phone in person.phones)
            return Shown("totp", now) if found else None
        if challenge in ANSWERS:
            return _code(step, given, now)
        return None

    def _srp(self, step: Step, given: dict[str, str], now: int) -> Shown | None:
        block, who, password = self._signed.get(given.get(SIGNATURE, ""), ("", "", ""))
        if block != step.text or given.get(BLOCK) != step.text:
            return None
        if step.challenge == "PASSWORD_VERIFIER":
            return Shown("password", now) if who == "user" and password == step.person.password else None
        known = knows(step.person, step.device) and who == step.device
        return Shown("device", now) if known else None

    def _passkey(self, step: Step, text: str, now: int) -> Shown | None:
        passkey, challenge, verified = self._asserted.get(text, (None, "", False))
        options = json.loads(step.parameters["CREDENTIAL_REQUEST_OPTIONS"])
        if passkey not in step.person.passkeys or challenge != options["challenge"]:
            return None
        if not verified and step.person.pool.multi:
            return None
        return Shown("passkey_uv" if verified else "passkey", now, copied=bool(passkey.flags & BE))

    def used_up(self, step: Step, given: dict[str, str], now: int) -> None:
        """A right answer is good once: the code of an app, a recovery code."""
        person = step.person
        if given.get("RECOVERY_CODE") in person.recovery and takes_recovery(step):
            person.recovery.remove(given["RECOVERY_CODE"])
            person.changes += 1
        elif step.challenge == "SOFTWARE_TOKEN_MFA":
            for phone in person.phones:
                phone.used = phone.step_of(given[ANSWERS[step.challenge]], now) or phone.used


def _code(step: Step, given: dict[str, str], now: int) -> Shown | None:
    person, by_sms = step.person, step.challenge.startswith("SMS")
    present = person.phone if by_sms else person.email
    setting_up = not by_sms and bool(step.shown) and not seconds(person)
    if not step.code or given.get(ANSWERS[step.challenge]) != step.code:
        return None
    if step.address != present and not setting_up:
        return None
    factor = "link" if step.by_link else "sms" if by_sms else "email"
    return Shown(factor, now, "SMS" if by_sms else "EMAIL")


def takes_recovery(step: Step) -> bool:
    """Whether a recovery code stands for the second factor that is asked for."""
    person = step.person
    second = step.challenge in ("SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "WEB_AUTHN") and bool(step.shown)
    weak = bool(step.targets) and level(step.shown) < (wanted(person, step.shown, step.targets) or 5)
    return second and person.pool.recovery and bool(person.recovery) and bool(seconds(person)) and not weak


def fresh_code(phone: Phone, now: int) -> str:
    """The next code that was not used; whoever wants it waits until its time."""
    return phone.code(max(now // TOTP_STEP, phone.used + 1))


def waits_for(phone: Phone, now: int) -> float:
    """Seconds until a code shows that was not used."""
    return max(0, (phone.used + 1) * TOTP_STEP - now) / 1000


def answers_of(half: Any) -> dict[str, str]:
    return {"SRP_A": long_to_hex(half.large_a_value)}
