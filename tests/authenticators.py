"""People with second factors: an authenticator app that is not ours, and pools that ask for it."""

from base64 import b32decode
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from tests.sign_ins import People
from tests.world import World

SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"}
SES = {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/a@example.com"}


class App:
    """An authenticator app with one secret, on a phone whose clock is the house's, or wrong by whole steps."""

    def __init__(self, house: World, secret_code: str) -> None:
        self._house = house
        # SHA-1 is what RFC 6238 and every app speak.
        self._totp = TOTP(b32decode(secret_code + "===="), 6, SHA1(), 30)

    def code(self, drift: int = 0) -> str:
        return self._totp.generate(self._house.clock.now() // 1000 + 30 * drift).decode()

    def wrong(self) -> str:
        near = {self.code(drift) for drift in (-1, 0, 1)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in near)


class Guarded(People):
    """People of a pool that knows second factors: by authenticator, and by SMS or e-mail where asked for."""

    def __init__(self, house: World, mode: str = "OPTIONAL", *, sms: bool = False, email: bool = False) -> None:
        addresses = {"SmsConfiguration": SMS} if sms else {}
        super().__init__(house, pool={**addresses, **({"EmailConfiguration": SES} if email else {})})
        self.sms, self.email = sms, email
        self.configure(mode)

    def configure(self, mode: str, *, totp: bool = True, **more: Any) -> None:
        """What SetUserPoolMfaConfig says; it says all of it each time."""
        blocks: dict[str, Any] = {"SoftwareTokenMfaConfiguration": {"Enabled": True}} if totp else {}
        if self.sms:
            blocks["SmsMfaConfiguration"] = {"SmsConfiguration": SMS}
        if self.email:
            blocks["EmailMfaConfiguration"] = {}
        self.house.idp.set_user_pool_mfa_config(UserPoolId=self.pool_id, MfaConfiguration=mode, **blocks, **more)

    def associate(self, token: str) -> App:
        answer = self.house.idp_unsigned.associate_software_token(AccessToken=token)
        return App(self.house, answer["SecretCode"])

    def verify(self, token: str, code: str, name: str | None = None) -> None:
        named = {} if name is None else {"FriendlyDeviceName": name}
        answer = self.house.idp_unsigned.verify_software_token(AccessToken=token, UserCode=code, **named)
        assert answer["Status"] == "SUCCESS"
        assert "Session" not in answer

    def prefer(self, token: str, **blocks: Any) -> None:
        self.house.idp_unsigned.set_user_mfa_preference(AccessToken=token, **blocks)

    def enrol(self, token: str, name: str | None = None) -> App:
        """An app set up by token and switched on; its first code is of another step than those to come."""
        app = self.associate(token)
        self.verify(token, app.code(), name)
        self.prefer(token, SoftwareTokenMfaSettings={"Enabled": True})
        self.house.clock.advance(seconds=60)
        return app

    def challenged(self) -> dict[str, Any]:
        """What stands between alice's password and her tokens."""
        from tests.world import PASSWORD

        return self.initiate(USERNAME="alice", PASSWORD=PASSWORD)

    def finish(self, session: str, code: str, **responses: str) -> dict[str, Any]:
        """The tokens that a code gives."""
        answer = self.respond(
            "SOFTWARE_TOKEN_MFA", session, USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=code, **responses
        )
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result

    def enter(self, app: App) -> dict[str, Any]:
        """The tokens of a whole sign-in."""
        return self.finish(self.challenged()["Session"], app.code())

    def shown(self) -> dict[str, Any]:
        """What an operator sees of alice."""
        user: dict[str, Any] = self.house.idp.admin_get_user(UserPoolId=self.pool_id, Username="alice")
        return user

    def remove_authenticators(self) -> None:
        self.house.idp.admin_delete_software_token(UserPoolId=self.pool_id, Username="alice")

    def option(self, **values: str) -> None:
        """Settings of the pool that Cognito lacks."""
        from lido.flows import pool_options

        pool_options.set_for_pool(self.house.call(), self.pool_id, values)
