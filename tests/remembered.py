"""Devices that are not ours: the client half of pycognito, and people whose pool remembers devices."""

from typing import Any

from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP, generate_hash_device, long_to_hex
from tests.authenticators import Guarded
from tests.sign_ins import claims
from tests.world import PASSWORD, World

NONE = ("ResourceNotFound", "Device does not exist.")


class Gadget:
    """A device as a client sees it: its keys, and the password that it makes up and keeps."""

    def __init__(self, metadata: dict[str, str]) -> None:
        self.key, self.group_key = metadata["DeviceKey"], metadata["DeviceGroupKey"]
        self.password, self.config = generate_hash_device(self.group_key, self.key)


class Remembering(Guarded):
    """Alice in a pool that remembers devices; a remembered one stands for the second factor."""

    def __init__(self, house: World, mode: str = "OPTIONAL", *, suppress: bool = True, prompt: bool = False) -> None:
        super().__init__(house, mode)
        self.track({"ChallengeRequiredOnNewDevice": suppress, "DeviceOnlyRememberedOnUserPrompt": prompt})
        self.alice()

    def track(self, configuration: dict[str, bool] | None) -> None:
        """Set the pool's DeviceConfiguration; an update replaces the whole pool."""
        settings = {} if configuration is None else {"DeviceConfiguration": configuration}
        pool = self.house.idp.describe_user_pool(UserPoolId=self.pool_id)["UserPool"]
        mode = pool["MfaConfiguration"]
        self.house.idp.update_user_pool(UserPoolId=self.pool_id, MfaConfiguration=mode, **settings)

    def enter_on_new(self, username: str = "alice") -> tuple[dict[str, Any], Gadget]:
        """Tokens of a password sign-in, and the device that it was on."""
        tokens = self.sign_in(username)
        return tokens, Gadget(tokens["NewDeviceMetadata"])

    def confirm(self, tokens: dict[str, Any], gadget: Gadget, **more: Any) -> bool:
        """ConfirmDevice; whether the user must be asked."""
        given = {"DeviceKey": gadget.key, "DeviceName": "phone", "DeviceSecretVerifierConfig": gadget.config, **more}
        answer = self.house.idp_unsigned.confirm_device(AccessToken=tokens["AccessToken"], **given)
        return bool(answer["UserConfirmationNecessary"])

    def gadget(self, username: str = "alice") -> tuple[dict[str, Any], Gadget]:
        """Tokens of a sign-in on a new device, which is confirmed."""
        tokens, gadget = self.enter_on_new(username)
        self.confirm(tokens, gadget)
        return tokens, gadget

    def named(self, gadget: Gadget, username: str = "alice") -> dict[str, Any]:
        """What answers a right password that comes with a device's key."""
        return self.initiate(USERNAME=username, PASSWORD=PASSWORD, DEVICE_KEY=gadget.key)

    def half(self, gadget: Gadget, username: str = "alice") -> AWSSRP:
        """Somebody else's client half of device SRP."""
        return AWSSRP(
            username=username,
            password=PASSWORD,
            pool_id=self.pool_id,
            client_id=self.client_id,
            client=self.house.idp_unsigned,
            device_key=gadget.key,
            device_group_key=gadget.group_key,
            device_password=gadget.password,
        )

    def ask(self, session: str, half: AWSSRP, **changed: str) -> dict[str, Any]:
        """What answers DEVICE_SRP_AUTH."""
        given = {"USERNAME": "alice", "DEVICE_KEY": half.device_key, "SRP_A": long_to_hex(half.large_a_value)}
        return self.respond("DEVICE_SRP_AUTH", session, **{**given, **changed})

    def prove(self, gadget: Gadget, session: str, **changed: str) -> dict[str, Any]:
        """Both halves of the device's proof, from the session of DEVICE_SRP_AUTH; the tokens."""
        half = self.half(gadget)
        asked = self.ask(session, half)
        assert asked["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
        answer = self.respond(
            "DEVICE_PASSWORD_VERIFIER", **{**half.process_device_challenge(asked["ChallengeParameters"]), **changed}
        )
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result

    def devices(self, username: str = "alice") -> list[dict[str, Any]]:
        """The user's devices as an operator sees them."""
        answer = self.house.idp.admin_list_devices(UserPoolId=self.pool_id, Username=username)
        found: list[dict[str, Any]] = answer["Devices"]
        return found

    def forget(self, gadget: Gadget) -> None:
        self.house.idp.admin_forget_device(UserPoolId=self.pool_id, Username="alice", DeviceKey=gadget.key)


def device_of(tokens: dict[str, Any]) -> str | None:
    """The device that an access token names."""
    return claims(tokens["AccessToken"]).get("device_key")


def outcome(deed: Any, *arguments: Any, **named: Any) -> str:
    """The name of the refusal, or "in"."""
    try:
        deed(*arguments, **named)
    except ClientError as error:
        return str(error.response["Error"]["Code"]).removesuffix("Exception")
    return "in"
