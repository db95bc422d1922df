"""Passkeys of people: registered, listed, deleted."""

from tests.keyholders import Keyholders
from tests.operations.round_trips.asking import Asker, story
from tests.passkeys import Authenticator
from tests.sign_ins import refusal


@story(
    "StartWebAuthnRegistration",
    "CompleteWebAuthnRegistration",
    "ListWebAuthnCredentials",
    "DeleteWebAuthnCredential",
)
def registered_passkeys(asker: Asker) -> None:
    people = Keyholders(asker.house)
    token = {"AccessToken": people.token}
    held = [Authenticator(), Authenticator(algorithm=-8)]

    for authenticator in held:
        _, begun = asker.ask_all("StartWebAuthnRegistration", token, unsigned=True)
        options = begun["CredentialCreationOptions"]
        assert (options["rp"]["id"], options["user"]["name"]) == ("example.com", "alice")
        credential = authenticator.create(options)
        asker.ask_all("CompleteWebAuthnRegistration", {**token, "Credential": credential}, unsigned=True)

    page = asker.ask("ListWebAuthnCredentials", **token, MaxResults=1, unsigned=True)
    more = {**token, "MaxResults": 1, "NextToken": page["NextToken"]}
    _, rest = asker.ask_all("ListWebAuthnCredentials", more, unsigned=True)
    assert "NextToken" not in rest
    listed = page["Credentials"] + rest["Credentials"]
    assert {each["CredentialId"] for each in listed} == {authenticator.id for authenticator in held}
    for each in listed:
        assert each["CreatedAt"].timestamp() == asker.house.clock.now() / 1000
        assert (each["RelyingPartyId"], each["AuthenticatorAttachment"]) == ("example.com", "platform")
        assert each["AuthenticatorTransports"] == ["hybrid", "internal"]
        assert each["FriendlyCredentialName"]
    for authenticator in held:
        assert people.enter(authenticator)["AuthenticationResult"]["AccessToken"]

    lost, kept = held
    asker.ask_all("DeleteWebAuthnCredential", {**token, "CredentialId": lost.id}, unsigned=True)
    (left,) = asker.ask("ListWebAuthnCredentials", **token, unsigned=True)["Credentials"]
    assert left["CredentialId"] == kept.id
    assert refusal(people.enter, lost).name == "NotAuthorized"
    assert people.enter(kept)["AuthenticationResult"]["AccessToken"]
