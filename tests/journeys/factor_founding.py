"""How a walk begins: pools of some kind, their clients, a few people, and who of them is meant."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize
from tests.authenticators import SES, SMS
from tests.journeys.factor_thieves import Thieves
from tests.journeys.factor_things import Client, Person, Pool, Step
from tests.journeys.things import DAY
from tests.world import FLOWS, PASSWORD

from lido.flows import pool_options

PAGE = "https://app.example.com/in"
NEWEST = 6
USUALLY = st.sampled_from((True, True, True, False))
KINDS = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(("OPTIONAL", "OPTIONAL", "ON", "ON", "OFF")),
        "codes": st.booleans(),
        "passkeys": USUALLY,
        "multi": st.booleans(),
        "devices": st.sampled_from((None, (True, False), (True, False), (False, False), (True, True))),
        "links": st.sampled_from(("off", "same_device", "any_device")),
        "recovery": st.booleans(),
        "several": st.booleans(),
        "sms": USUALLY,
        "email": USUALLY,
        "hides": st.booleans(),
    }
)


class Founding(Thieves):
    """A pool of some kind with two clients and a few people, and a pool elsewhere with its own ann."""

    @initialize(kind=KINDS)
    def two_pools(self, kind: dict[str, Any]) -> None:
        pool = self._pool(kind)
        for name in ("web", "other"):
            self._client(pool, name, kind["hides"])
        elsewhere = self._pool({**kind, "mode": "OFF", "codes": True, "devices": None})
        self._client(elsewhere, "away", kind["hides"])
        self._person(pool, "ann", "+15550100001")
        self._person(pool, "bob", None, permanent=False)
        self._person(elsewhere, "ann", "+15550100002")

    def _pool(self, kind: dict[str, Any]) -> Pool:
        required = kind["mode"] == "ON"
        first = ["PASSWORD", *(["EMAIL_OTP", "SMS_OTP"] if kind["codes"] and not required else [])]
        first += ["WEB_AUTHN"] if kind["passkeys"] and (kind["multi"] or not required) else []
        suppresses, asks = kind["devices"] or (False, False)
        remembering = {"ChallengeRequiredOnNewDevice": suppresses, "DeviceOnlyRememberedOnUserPrompt": asks}
        arguments: dict[str, Any] = {"DeviceConfiguration": remembering} if kind["devices"] else {}
        pool_id = self.house.pool(
            Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}},
            UserPoolTags={"lido:strength_claims": "true"},
            AutoVerifiedAttributes=["email"],
            EmailConfiguration=SES,
            SmsConfiguration=SMS,
            **arguments,
        )
        told = {name: "true" for name in ("recovery", "several") if kind[name]}
        options = {
            "recovery_codes": told.get("recovery", ""),
            "several_authenticators": told.get("several", ""),
            "magic_links": kind["links"],
            "magic_link_url": PAGE,
        }
        pool_options.set_for_pool(self.house.call(root=True), pool_id, options)
        pool = Pool(
            pool_id,
            mode="OFF",
            first=tuple(first),
            multi=kind["multi"],
            devices=kind["devices"],
            links=kind["links"],
            recovery=kind["recovery"],
            several=kind["several"],
            sms=False,
            email=False,
        )
        self.pools.append(pool)
        done = self.configures(pool, kind["mode"], sms=kind["sms"], email=kind["email"], multi=kind["multi"])
        self.agree(done, "The pool should be configured")
        self.order(
            "UpdateUserPool",
            UserPoolId=pool_id,
            MfaConfiguration=pool.mode,
            Policies={"SignInPolicy": {"AllowedFirstAuthFactors": first}},
            AutoVerifiedAttributes=["email"],
            EmailConfiguration=SES,
            SmsConfiguration=SMS,
            UserPoolTags={"lido:strength_claims": "true"},
            **arguments,
        )
        return pool

    def _client(self, pool: Pool, name: str, hides: bool) -> None:
        flows = [*FLOWS, "ALLOW_USER_AUTH"]
        existence = "ENABLED" if hides else "LEGACY"
        made = self.house.app(pool.id, ExplicitAuthFlows=flows, PreventUserExistenceErrors=existence)
        self.clients.append(Client(pool, made["ClientId"], name, hides))

    def _person(self, pool: Pool, username: str, phone: str | None, *, permanent: bool = True) -> None:
        email = f"{username}-{len(self.people)}@example.com"
        attributes = {"email": email, "email_verified": "true"}
        if phone:
            attributes |= {"phone_number": phone, "phone_number_verified": "true"}
        self.house.user(pool.id, username, PASSWORD, confirmed=permanent, **attributes)
        person = Person(pool, username, PASSWORD, email, phone)
        person.version, person.password_at = self._version(), self.now()
        person.status = "CONFIRMED" if permanent else "FORCE_CHANGE"
        person.temporary_until = self.now() + 7 * DAY
        shown = self.order("AdminGetUser", **self.at(person))
        person.sub = next(a["Value"] for a in shown["UserAttributes"] if a["Name"] == "sub")
        self.people.append(person)

    def _version(self) -> int:
        return 1

    # Who and what.

    def who(self, n: int) -> Person:
        return self.people[n % len(self.people)]

    def of(self, person: Person, n: int) -> Client:
        own = [client for client in self.clients if client.pool is person.pool]
        return own[n % len(own)]

    def kept(self, n: int) -> Step:
        """One of the newest steps, the newest most likely."""
        newest = self.steps[-NEWEST:]
        return newest[-1 - min(n // 2, len(newest) - 1)]

    def device_of(self, person: Person, n: int) -> str:
        """A device: one of this person's, seldom somebody else's, often none."""
        keys = [*person.devices, *person.devices, *(key for other in self.people for key in other.devices)]
        return keys[n % len(keys)] if keys and n % 3 else ""
