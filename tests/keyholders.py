"""People of a pool that lets passkeys in: registering them, signing in with them."""

import json

from tests.passkeys import Authenticator
from tests.sign_ins import People
from tests.world import FLOWS

POLICIES = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
MFA = {"RelyingPartyId": "example.com", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
NOT_VALID = ("InvalidParameter", "Credential data is not valid")
WRONG = ("NotAuthorized", "Incorrect username or password.")


class Keyholders(People):
    """People of a pool that lets passkeys in."""

    def __init__(self, house, *, rp_id="example.com", policies=POLICIES, **webauthn):
        super().__init__(house, pool={"Policies": policies}, ExplicitAuthFlows=[*FLOWS, "ALLOW_USER_AUTH"])
        self.configure(RelyingPartyId=rp_id, **webauthn)
        self.alice()
        self.token = self.sign_in()["AccessToken"]

    def configure(self, mfa="OFF", factors=None, **webauthn):
        self.house.idp.set_user_pool_mfa_config(
            UserPoolId=self.pool_id, MfaConfiguration=mfa, WebAuthnConfiguration=webauthn, **(factors or {})
        )

    def start(self, token=None):
        started = self.house.idp_unsigned.start_web_authn_registration(AccessToken=token or self.token)
        return started["CredentialCreationOptions"]

    def complete(self, credential, token=None):
        self.house.idp_unsigned.complete_web_authn_registration(AccessToken=token or self.token, Credential=credential)

    def register(self, authenticator=None, token=None):
        authenticator = authenticator or Authenticator()
        self.complete(authenticator.create(self.start(token)), token)
        return authenticator

    def passkeys(self, token=None, **page):
        return self.house.idp_unsigned.list_web_authn_credentials(AccessToken=token or self.token, **page)

    def delete(self, credential_id, token=None):
        self.house.idp_unsigned.delete_web_authn_credential(AccessToken=token or self.token, CredentialId=credential_id)

    def challenge(self, username="alice"):
        """The session and the options of a passkey's challenge."""
        asked = self.initiate("USER_AUTH", USERNAME=username, PREFERRED_CHALLENGE="WEB_AUTHN")
        assert asked["ChallengeName"] == "WEB_AUTHN"
        return asked["Session"], json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])

    def assert_with(self, session, credential, username="alice"):
        answer = credential if isinstance(credential, str) else json.dumps(credential)
        return self.respond("WEB_AUTHN", session, USERNAME=username, CREDENTIAL=answer)

    def enter(self, authenticator, username="alice", **spoilt):
        session, options = self.challenge(username)
        return self.assert_with(session, authenticator.get(options, **spoilt), username)

    def bob(self):
        self.house.user(self.pool_id, "bob")
        return self.sign_in("bob")["AccessToken"]
