"""What happens between sign-ins: factors set up, preferred and lost, accounts changed, pools configured anew."""

from typing import Any

from tests.authenticators import SMS
from tests.journeys.factor_hands import fresh_code, waits_for
from tests.journeys.factor_model import HOUR, alive, choices, speaks, welcome
from tests.journeys.factor_signing import Signing
from tests.journeys.factor_things import Client, Device, Grant, Person, Phone, Pool
from tests.journeys.things import MINUTE
from tests.passkeys import BE, Authenticator
from tests.remembered import Gadget
from tests.world import World

from lido.flows import lockout, recovery_codes

BLOCKS = {"sms": "SMSMfaSettings", "totp": "SoftwareTokenMfaSettings", "email": "EmailMfaSettings"}
PASSKEYS = "passkey_uv"
MOST_MESSAGES = 12


class Deeds(Signing):
    """Deeds that a walk is made of, and what was lost by them."""

    def __init__(self, house: World, other: World) -> None:
        super().__init__(house, other)
        self.lost: list[Authenticator] = []
        self.forgotten: dict[str, Gadget] = {}

    # Honest sign-ins.

    def honest(
        self,
        person: Person,
        client: Client,
        door: str = "client",
        flow: str = "password",
        n: int = 0,
        *,
        device: str = "",
        target: int | None = None,
        twice: bool = False,
    ) -> Grant | None:
        """A whole sign-in, with nothing left over from earlier ones; None where nothing can lead in."""
        if flow != "choice" and person.password is None:
            flow = "choice"
        possible = choices(person)
        if not welcome(person, self.now()) or not possible:
            return None
        self.rests(person)
        choice = possible[n % len(possible)] if n % 4 else ""
        found = self.begin(
            person,
            client,
            door,
            flow,
            choice=choice if flow == "choice" and target is None else "PASSWORD" if target else "",
            password=person.password,
            device=device,
            targets=(target,) if target else (),
            inline=n % 3 > 0,
        )
        return self.to_the_end(found, n, twice=twice)

    def rests(self, person: Person) -> None:
        """Earlier failures are forgotten, and messages of the last hour are few."""
        addresses = (person.email, person.phone or "")
        recent = [at for address in addresses for at in self.delivered.get(address, []) if at > self.now() - HOUR]
        if len(recent) > MOST_MESSAGES:
            self.house.clock.advance(minutes=61)
        lockout.unlock(self.house.call(root=True), person.pool.id, person.username)
        person.failures = 0

    def living(self, person: Person) -> Grant | None:
        """An access token that is good: one from before, or of a new sign-in."""
        fresh = [grant for grant in self.grants if grant.person is person and self._is_good(grant)]
        client = next(client for client in self.clients if client.pool is person.pool)
        return fresh[-1] if fresh else self.honest(person, client)

    def _is_good(self, grant: Grant) -> bool:
        return alive(grant, self.now()) and speaks(grant, self.now() + MINUTE)

    # Factors.

    def adds_phone(self, person: Person, name: str | None) -> None:
        grant = self.living(person)
        if grant is None:
            return
        told = self.ask("AssociateSoftwareToken", AccessToken=grant.access)
        if not isinstance(told, dict):
            return
        phone = Phone(told["SecretCode"], name)
        code = fresh_code(phone, self.now())
        told = self.ask("VerifySoftwareToken", AccessToken=grant.access, UserCode=code, FriendlyDeviceName=name)
        if isinstance(told, dict):
            phone.used = phone.step_of(code, self.now()) or 0
            self.add_phone(person, phone)
            self.house.clock.advance(seconds=waits_for(phone, self.now()))

    def adds_passkey(self, person: Person, *, copied: bool) -> None:
        grant = self.living(person)
        told = grant and self.ask("StartWebAuthnRegistration", AccessToken=grant.access)
        if not grant or not isinstance(told, dict):
            return
        passkey = Authenticator()
        passkey.flags = passkey.flags if copied else passkey.flags & ~BE
        credential = passkey.create(told["CredentialCreationOptions"])
        told = self.ask("CompleteWebAuthnRegistration", AccessToken=grant.access, Credential=credential)
        if isinstance(told, dict):
            person.passkeys.append(passkey)
            person.changes += 1

    def loses_passkey(self, person: Person) -> None:
        grant = self.living(person) if person.passkeys else None
        if grant is None:
            return
        gone = person.passkeys[0]
        told = self.ask("DeleteWebAuthnCredential", AccessToken=grant.access, CredentialId=gone.id)
        if isinstance(told, dict):
            person.passkeys.remove(gone)
            self.lost.append(gone)
            person.changes += 1
            if not person.passkeys:
                person.factors.discard(PASSKEYS)

    def loses_phones(self, person: Person) -> None:
        told = self.ask("AdminDeleteSoftwareToken", signed=True, **self.at(person))
        if isinstance(told, dict) and person.phones:
            person.phones = []
            person.factors.discard("totp")
            self._ends(person)

    def at(self, person: Person) -> dict[str, str]:
        return {"UserPoolId": person.pool.id, "Username": person.username}

    def _ends(self, person: Person) -> None:
        """Everything that was handed out is worth nothing any more."""
        person.epoch += 1
        person.changes += 1

    def prefers(self, person: Person, factor: str, *, enabled: bool, preferred: bool, by_operator: bool) -> None:
        block = BLOCKS.get(factor, "WebAuthnMfaSettings")
        wish = {"Enabled": enabled, **({"PreferredMfa": preferred} if factor != PASSKEYS else {})}
        if by_operator:
            told = self.ask("AdminSetUserMFAPreference", signed=True, **self.at(person), **{block: wish})
        else:
            grant = self.living(person)
            told = grant and self.ask("SetUserMFAPreference", AccessToken=grant.access, **{block: wish})
        if not isinstance(told, dict):
            return
        person.changes += 1
        if enabled:
            person.factors.add(factor)
        elif factor in person.factors:
            person.factors.remove(factor)
            person.epoch += by_operator

    def gets_recovery_codes(self, person: Person) -> None:
        if person.pool.recovery:
            person.recovery = recovery_codes.make_for(self.house.call(root=True), person.pool.id, person.username)
            person.changes += 1

    # Devices.

    def confirms_device(self, grant: Grant) -> None:
        if not grant.group or not self._is_good(grant) or grant.device in grant.person.devices:
            return
        pool, gadget = grant.person.pool, Gadget({"DeviceKey": grant.device, "DeviceGroupKey": grant.group})
        told = self.ask(
            "ConfirmDevice",
            AccessToken=grant.access,
            DeviceKey=gadget.key,
            DeviceSecretVerifierConfig=gadget.config,
        )
        if isinstance(told, dict) and pool.devices:
            grant.person.devices[gadget.key] = Device(gadget, remembered=not pool.devices[1])
            grant.person.changes += 1

    def remembers(self, person: Person, key: str, *, remembered: bool) -> None:
        status = "remembered" if remembered else "not_remembered"
        told = self.ask(
            "AdminUpdateDeviceStatus",
            signed=True,
            **self.at(person),
            DeviceKey=key,
            DeviceRememberedStatus=status,
        )
        if isinstance(told, dict):
            person.devices[key].remembered = remembered
            person.changes += 1

    def forgets(self, person: Person, key: str) -> None:
        self.order("AdminForgetDevice", **self.at(person), DeviceKey=key)
        self.forgotten[key] = person.devices.pop(key).gadget
        person.changes += 1
        for grant in self.grants:
            grant.revoked |= grant.device == key

    # Accounts.

    def disables(self, person: Person) -> None:
        if person.enabled:
            self.order("AdminDisableUser", **self.at(person))
            person.enabled = False
            self._ends(person)

    def enables(self, person: Person) -> None:
        self.order("AdminEnableUser", **self.at(person))
        person.enabled = True
        person.changes += 1

    def signs_out(self, person: Person) -> None:
        self.order("AdminUserGlobalSignOut", **self.at(person))
        self._ends(person)

    def is_given_password(self, person: Person, password: str, *, permanent: bool) -> None:
        told = self.ask("AdminSetUserPassword", signed=True, **self.at(person), Password=password, Permanent=permanent)
        if isinstance(told, dict):
            self.new_password(person, password, "CONFIRMED" if permanent else "FORCE_CHANGE")

    def changes_password(self, person: Person, password: str) -> None:
        grant = self.living(person) if person.password else None
        if grant is None:
            return
        told = self.ask(
            "ChangePassword",
            AccessToken=grant.access,
            PreviousPassword=person.password,
            ProposedPassword=password,
        )
        if isinstance(told, dict):
            self.new_password(person, password, "CONFIRMED")

    def resets(self, person: Person, client: Client, password: str, *, finishes: bool) -> None:
        told = self.ask("AdminResetUserPassword", signed=True, **self.at(person))
        if not isinstance(told, dict):
            return
        person.status = "RESET_REQUIRED"
        person.changes += 1
        if not finishes:
            return
        code = self.house.messages()[-1]["code"]
        told = self.ask(
            "ConfirmForgotPassword",
            ClientId=client.id,
            Username=person.username,
            ConfirmationCode=code,
            Password=password,
        )
        if isinstance(told, dict):
            self.new_password(person, password, "CONFIRMED")

    # Pools.

    def configures(self, pool: Pool, mode: str, *, sms: bool, email: bool, multi: bool) -> bool:
        """SetUserPoolMfaConfig, which says all of it each time; False where these contradict the first factors."""
        blocks: dict[str, Any] = {} if mode == "OFF" else {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
        if sms and blocks:
            blocks["SmsMfaConfiguration"] = {"SmsConfiguration": SMS}
        if email and blocks:
            blocks["EmailMfaConfiguration"] = {}
        how = "MULTI_FACTOR_WITH_USER_VERIFICATION" if multi else "SINGLE_FACTOR"
        passkeys = {"RelyingPartyId": "example.com", "FactorConfiguration": how}
        told = self.ask(
            "SetUserPoolMfaConfig",
            signed=True,
            UserPoolId=pool.id,
            MfaConfiguration=mode,
            WebAuthnConfiguration=passkeys,
            **blocks,
        )
        if isinstance(told, dict):
            pool.mode, pool.sms, pool.email, pool.multi = mode, sms, email, multi
            pool.changes += 1
        return isinstance(told, dict)
