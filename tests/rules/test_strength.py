"""How strongly somebody signed in, from what was shown."""

import pytest

from lido.rules import strength
from lido.rules.second_factors import Proof
from lido.shapes import idp

PASSWORD, SRP, TOTP = Proof("pwd", 1), Proof("srp", 1), Proof("totp", 2)
SMS, EMAIL, LINK = Proof("sms", 2, "SMS"), Proof("email_otp", 2, "EMAIL"), Proof("link", 1, "EMAIL")
SIGN_UP, DEVICE, RECOVERY = Proof("signup_code", 1, "EMAIL"), Proof("device", 3), Proof("recovery", 2)
PASSKEY, SYNCED = Proof("passkey_uv", 1), Proof("passkey", 1, backup_eligible=True)


@pytest.mark.parametrize(
    ("proofs", "amr", "level"),
    [
        ((), (), 0),
        ((PASSWORD,), ("pwd",), 1),
        ((SRP,), ("pwd",), 1),
        ((SRP, DEVICE), ("pwd",), 1),
        ((DEVICE,), (), 0),
        ((SMS,), ("sms",), 2),
        ((EMAIL,), ("email_otp",), 2),
        ((LINK,), ("email_otp",), 2),
        ((SIGN_UP,), ("email_otp",), 2),
        ((Proof("signup_code", 1, "SMS"),), ("sms",), 2),
        ((SIGN_UP, EMAIL), ("email_otp",), 2),
        ((SIGN_UP, TOTP), ("email_otp", "otp", "mfa"), 2),
        ((PASSKEY,), ("hwk",), 3),
        ((SYNCED,), ("swk",), 3),
        ((PASSWORD, SYNCED), ("pwd", "swk", "mfa"), 3),
        ((PASSWORD, SMS), ("pwd", "sms", "mfa"), 3),
        ((SRP, EMAIL), ("pwd", "email_otp", "mfa"), 3),
        ((PASSWORD, TOTP), ("pwd", "otp", "mfa"), 4),
        ((SRP, TOTP, DEVICE), ("pwd", "otp", "mfa"), 4),
        ((PASSWORD, RECOVERY), ("pwd", "otp", "mfa"), 1),
        ((Proof("fed", 1),), ("fed",), 0),
    ],
)
def test_methods_and_level_follow_from_what_was_shown(proofs, amr, level):
    assert (strength.amr(proofs), strength.level(proofs)) == (amr, level)


def test_a_verified_passkey_is_two_factors_only_where_the_pool_says_so():
    assert strength.amr((PASSKEY,), passkey_mfa=True) == ("hwk", "mfa")
    assert strength.amr((SYNCED,), passkey_mfa=True) == ("swk",)


def test_levels_have_cognitos_names_unless_the_pool_gives_others():
    names = {"Level1": idp.AcrLevelConfigType(acr_value="bronze")}

    assert strength.acr((PASSWORD,), None) == "urn:cognito:loa:1"
    assert strength.acr((PASSWORD,), names) == "bronze"
    assert strength.acr((PASSWORD, TOTP), names) == "urn:cognito:loa:4"
    assert strength.acr((DEVICE,), names) is None
