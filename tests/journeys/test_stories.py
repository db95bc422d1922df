"""Whole journeys: what happens to people over days, as they would tell it."""

import pytest
from tests.fakes import QuickEntropy
from tests.sign_ins import People, claims, refusal
from tests.world import FLOWS, PASSWORD

from lido.flows import frozen_settings

NEW, NEWER = "N3w-password", "N3wer-password"
WRONG = ("NotAuthorized", "Incorrect username or password.")
INVALID = ("NotAuthorized", "Invalid session for the user.")
REVOKED = ("NotAuthorized", "Access Token has been revoked")
NO_CODE = ("ExpiredCode", "Invalid code provided, please request a code again.")
VERIFIED = {"email": "alice@example.com", "email_verified": "true"}


def whoami(people, tokens):
    return people.house.idp_unsigned.get_user(AccessToken=tokens["AccessToken"])["Username"]


def invite(people, username="alice", **attributes):
    people.house.idp.admin_create_user(
        UserPoolId=people.pool_id,
        Username=username,
        TemporaryPassword=PASSWORD,
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )


def forgot(people, username="alice"):
    """The code that comes to alice."""
    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username=username)
    people.house.clock.advance(seconds=1)
    return people.house.code(VERIFIED["email"])


def confirm_forgot(people, code, password, username="alice"):
    people.house.idp_unsigned.confirm_forgot_password(
        ClientId=people.client_id, Username=username, ConfirmationCode=code, Password=password
    )


def sign_up(people, username, email):
    """The code for a new user."""
    people.house.idp_unsigned.sign_up(
        ClientId=people.client_id,
        Username=username,
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": email}],
    )
    people.house.clock.advance(seconds=1)
    return people.house.code(email)


def confirm(people, username, code, **more):
    people.house.idp_unsigned.confirm_sign_up(
        ClientId=people.client_id, Username=username, ConfirmationCode=code, **more
    )


def first_half(people, username="alice", password=PASSWORD):
    """The right answer to an SRP challenge, not yet given."""
    srp = people.srp(username, password)
    challenge = people.initiate("USER_SRP_AUTH", **srp.get_auth_params())
    return srp.process_challenge(challenge["ChallengeParameters"], {"USERNAME": username})


def test_the_invited_choose_a_password_stay_for_days_and_sign_out_everywhere(house):
    people = People(house)
    invite(people, **VERIFIED)
    temporary = house.messages(VERIFIED["email"])[-1]["code"]

    challenge = people.initiate(USERNAME="alice", PASSWORD=temporary)
    tokens = people.respond("NEW_PASSWORD_REQUIRED", challenge["Session"], USERNAME="alice", NEW_PASSWORD=NEW)
    tokens = tokens["AuthenticationResult"]
    house.clock.advance(days=20)
    assert refusal(whoami, people, tokens) == ("NotAuthorized", "Access Token has expired")
    renewed = people.refresh(tokens["RefreshToken"])
    assert whoami(people, renewed) == "alice"
    assert claims(renewed["AccessToken"])["auth_time"] == claims(tokens["AccessToken"])["auth_time"]
    elsewhere = people.sign_in(password=NEW)
    house.idp_unsigned.global_sign_out(AccessToken=renewed["AccessToken"])

    for dead in (renewed, elsewhere):
        assert refusal(whoami, people, dead) == REVOKED
    for dead in (tokens, elsewhere):
        assert refusal(people.refresh, dead["RefreshToken"]) == ("NotAuthorized", "Refresh Token has been revoked")
    assert refusal(people.sign_in, password=temporary) == WRONG
    assert whoami(people, people.sign_in(password=NEW)) == "alice"


def test_who_forgets_twice_uses_the_second_code_once(house):
    people = People(house)
    people.alice(**VERIFIED)

    first, second = forgot(people), forgot(people)
    assert first != second, "one in a million: run again"
    assert refusal(confirm_forgot, people, first, NEW).name == "CodeMismatch"
    assert people.sign_in(), "until it is replaced, the old password works"
    confirm_forgot(people, second, NEW)

    assert refusal(confirm_forgot, people, second, NEWER) == NO_CODE
    assert refusal(people.sign_in) == WRONG
    assert people.sign_in(password=NEW)


def test_an_alias_moves_to_a_new_user_by_force_only(house):
    people = People(house, pool={"AliasAttributes": ["email"], "AutoVerifiedAttributes": ["email"]})
    people.alice(**VERIFIED)
    code = sign_up(people, "alicia", VERIFIED["email"])

    assert refusal(confirm, people, "alicia", code).name == "AliasExists"
    assert claims(people.sign_in(VERIFIED["email"])["AccessToken"])["username"] == "alice"
    confirm(people, "alicia", code, ForceAliasCreation=True)

    assert claims(people.sign_in(VERIFIED["email"])["AccessToken"])["username"] == "alicia"
    alice = people.sign_in("alice")
    assert claims(alice["IdToken"])["email_verified"] is False
    assert refusal(forgot, people).name == "InvalidParameter", "an address that was taken away resets nothing"
    house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alicia")
    assert refusal(people.sign_in, VERIFIED["email"]).name == "UserNotFound"


def test_where_addresses_are_names_a_new_address_is_the_new_name(house):
    people = People(house, pool={"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]})
    confirm(people, "old@example.com", sign_up(people, "old@example.com", "old@example.com"))
    tokens = people.sign_in("old@example.com")

    house.idp_unsigned.update_user_attributes(
        AccessToken=tokens["AccessToken"], UserAttributes=[{"Name": "email", "Value": "new@example.com"}]
    )

    assert refusal(people.sign_in, "old@example.com").name == "UserNotFound"
    again = people.sign_in("new@example.com")
    assert claims(again["AccessToken"])["sub"] == claims(tokens["AccessToken"])["sub"]
    confirm(people, "old@example.com", sign_up(people, "old@example.com", "old@example.com"))
    stranger = people.sign_in("old@example.com")
    assert claims(stranger["AccessToken"])["sub"] != claims(tokens["AccessToken"])["sub"]
    taken = refusal(
        house.idp_unsigned.update_user_attributes,
        AccessToken=stranger["AccessToken"],
        UserAttributes=[{"Name": "email", "Value": "new@example.com"}],
    )
    assert taken == ("AliasExists", "An account with the given email already exists.")


def test_who_is_deleted_and_made_anew_gets_nothing_old(house):
    people = People(house)
    people.alice(**VERIFIED)
    house.idp.create_group(UserPoolId=people.pool_id, GroupName="admins")
    house.idp.admin_add_user_to_group(UserPoolId=people.pool_id, Username="alice", GroupName="admins")
    tokens, half, code = people.sign_in(), first_half(people), forgot(people)
    old_sub = people.sub()

    house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice")
    people.alice(**VERIFIED)

    assert people.sub() != old_sub
    assert refusal(whoami, people, tokens).name == "UserNotFound"
    assert refusal(house.idp_unsigned.global_sign_out, AccessToken=tokens["AccessToken"]) == REVOKED
    assert refusal(people.refresh, tokens["RefreshToken"]) == ("NotAuthorized", "Invalid Refresh Token")
    assert refusal(people.respond, "PASSWORD_VERIFIER", **half) == INVALID
    assert refusal(confirm_forgot, people, code, NEW) == NO_CODE
    assert "cognito:groups" not in claims(people.sign_in()["AccessToken"])
    assert refusal(house.idp.admin_get_user, UserPoolId=people.pool_id, Username=old_sub).name == "UserNotFound"


def test_whatever_a_deleted_client_began_ends(house):
    people = People(house)
    people.alice(**VERIFIED)
    tokens, half, code = people.sign_in(), first_half(people), forgot(people)

    house.idp.delete_user_pool_client(UserPoolId=people.pool_id, ClientId=people.client_id)

    gone = ("ResourceNotFound", f"User pool client {people.client_id} does not exist.")
    assert refusal(people.sign_in) == gone
    assert refusal(people.respond, "PASSWORD_VERIFIER", **half) == gone
    assert refusal(people.refresh, tokens["RefreshToken"]) == gone
    assert refusal(people.rotate, tokens["RefreshToken"]) == gone
    assert refusal(confirm_forgot, people, code, NEW) == gone
    assert refusal(whoami, people, tokens) == ("NotAuthorized", "Invalid Access Token")


def test_nothing_of_a_deleted_pool_works(house):
    people = People(house)
    people.alice(**VERIFIED)
    tokens, half, code = people.sign_in(), first_half(people), forgot(people)

    house.idp.delete_user_pool(UserPoolId=people.pool_id)

    assert refusal(people.sign_in).name == "ResourceNotFound"
    assert refusal(people.respond, "PASSWORD_VERIFIER", **half).name == "ResourceNotFound"
    assert refusal(people.refresh, tokens["RefreshToken"]).name == "ResourceNotFound"
    assert refusal(confirm_forgot, people, code, NEW).name == "ResourceNotFound"
    assert refusal(sign_up, people, "bob", "bob@example.com").name == "ResourceNotFound"
    assert refusal(whoami, people, tokens) == ("NotAuthorized", "Invalid Access Token")
    assert refusal(people.sub).name == "ResourceNotFound"
    status, _, _ = house.http("GET", f"http://lido.test/{people.pool_id}/.well-known/jwks.json")
    assert status == 404


def test_an_earlier_password_is_refused_on_every_way_to_a_new_one(house):
    people = People(house, pool={"Policies": {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}})
    people.alice(**VERIFIED)
    tokens = people.sign_in()
    house.idp_unsigned.change_password(
        AccessToken=tokens["AccessToken"], PreviousPassword=PASSWORD, ProposedPassword=NEW
    )

    def change(password):
        house.idp_unsigned.change_password(
            AccessToken=tokens["AccessToken"], PreviousPassword=NEW, ProposedPassword=password
        )

    def set_by_operator(password):
        house.idp.admin_set_user_password(
            UserPoolId=people.pool_id, Username="alice", Password=password, Permanent=True
        )

    def set_with_a_code(password):
        confirm_forgot(people, forgot(people), password)

    for earlier in (PASSWORD, NEW):
        for way in (change, set_by_operator, set_with_a_code):
            assert refusal(way, earlier).name == "PasswordHistoryPolicyViolation"
    set_by_operator(NEWER)
    set_by_operator(PASSWORD)
    assert people.sign_in()


def test_a_temporary_password_between_is_no_way_back_to_an_earlier_one(house):
    people = People(house, pool={"Policies": {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}})
    people.alice()
    for password, permanent in ((NEW, True), ("T3mporary!", False)):
        house.idp.admin_set_user_password(
            UserPoolId=people.pool_id, Username="alice", Password=password, Permanent=permanent
        )
    session = people.initiate(USERNAME="alice", PASSWORD="T3mporary!")["Session"]

    for earlier in (PASSWORD, NEW):
        said = refusal(people.respond, "NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=earlier)
        assert said.name == "PasswordHistoryPolicyViolation"
    assert people.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=NEWER)


def test_an_invitation_that_waited_too_long_is_repeated(house):
    people = People(house)
    invite(people, **VERIFIED)
    house.clock.advance(days=7)

    expired = "Temporary password has expired and must be reset by an administrator."
    assert refusal(people.sign_in) == ("NotAuthorized", expired)
    assert refusal(people.sign_in, password="Wr0ng-guess") == WRONG
    house.idp.admin_create_user(
        UserPoolId=people.pool_id,
        Username="alice",
        MessageAction="RESEND",
        TemporaryPassword=NEW,
        DesiredDeliveryMediums=["EMAIL"],
    )

    assert refusal(people.sign_in) == WRONG
    assert people.initiate(USERNAME="alice", PASSWORD=NEW)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_who_is_disabled_between_the_halves_of_srp_stays_out_even_when_enabled_again(house):
    people = People(house)
    people.alice()
    early, late = first_half(people), first_half(people)

    house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")
    assert refusal(people.respond, "PASSWORD_VERIFIER", **early) == INVALID
    house.idp.admin_enable_user(UserPoolId=people.pool_id, Username="alice")
    assert refusal(people.respond, "PASSWORD_VERIFIER", **late) == INVALID

    assert people.respond("PASSWORD_VERIFIER", **first_half(people))["AuthenticationResult"]


def test_a_password_changed_between_the_steps_ends_both_ways_in(house):
    people = People(house)
    people.alice()
    half = first_half(people)
    house.idp.admin_set_user_password(UserPoolId=people.pool_id, Username="alice", Password=NEW, Permanent=False)
    assert refusal(people.respond, "PASSWORD_VERIFIER", **half) == INVALID
    session = people.initiate(USERNAME="alice", PASSWORD=NEW)["Session"]

    house.idp.admin_set_user_password(UserPoolId=people.pool_id, Username="alice", Password=NEWER, Permanent=False)

    late = {"USERNAME": "alice", "NEW_PASSWORD": "An0ther!pw"}
    assert refusal(people.respond, "NEW_PASSWORD_REQUIRED", session, **late) == INVALID
    assert people.initiate(USERNAME="alice", PASSWORD=NEWER)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_wrong_guesses_on_every_way_in_add_up_to_one_lock(house):
    people = People(house)
    people.alice()
    tokens = people.sign_in()
    bad = "Wr0ng-guess"

    refusal(people.sign_in, password=bad)
    refusal(people.admin_initiate, USERNAME="alice", PASSWORD=bad)
    refusal(people.respond, "PASSWORD_VERIFIER", **first_half(people, password=bad))
    change = {"AccessToken": tokens["AccessToken"], "PreviousPassword": bad, "ProposedPassword": NEW}
    for _ in range(2):
        assert refusal(house.idp_unsigned.change_password, **change) == WRONG

    locked = ("NotAuthorized", "Password attempts exceeded")
    assert refusal(people.sign_in) == locked
    assert refusal(people.respond, "PASSWORD_VERIFIER", **first_half(people)) == locked
    assert whoami(people, tokens) == "alice", "a lock keeps nobody out who is in"
    house.clock.advance(seconds=1)
    assert people.sign_in()


def test_the_case_rule_changes_under_a_running_house(house):
    people = People(house)
    people.alice()
    assert people.sign_in("alice")
    assert refusal(people.sign_in, "ALICE").name == "UserNotFound"

    plan = frozen_settings.planned(house.call(), people.pool_id, {"case_sensitive": "false"})
    frozen_settings.apply(house.call(), plan)

    assert people.sign_in("ALICE")


def test_a_stolen_refresh_token_is_worth_nothing_to_anybody(house):
    flows = [flow for flow in FLOWS if flow != "ALLOW_REFRESH_TOKEN_AUTH"]
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}
    people = People(house, ExplicitAuthFlows=flows, RefreshTokenRotation=rotation)
    people.alice()
    stolen = people.sign_in()["RefreshToken"]
    hers = people.rotate(stolen)
    house.clock.advance(seconds=11)

    assert refusal(people.rotate, stolen).name == "RefreshTokenReuse"
    assert refusal(people.rotate, hers["RefreshToken"]) == ("NotAuthorized", "Refresh Token has been revoked")
    assert refusal(whoami, people, hers) == REVOKED
    assert people.sign_in()


class ZeroLed(QuickEntropy):
    """Chance that begins with a zero byte, as it does once in 256 times."""

    def bytes(self, count):
        return b"\0\x11" + super().bytes(count - 2)


def test_a_salt_that_begins_with_zero_lets_every_client_in(house):
    people = People(house)
    house.lido.entropy = ZeroLed()
    people.alice()
    house.lido.entropy = QuickEntropy()

    assert people.respond("PASSWORD_VERIFIER", **first_half(people))["AuthenticationResult"]


@pytest.mark.parametrize("door", ["client", "admin"])
def test_one_persons_step_never_lets_another_in(house, door):
    people = People(house)
    people.alice()
    house.user(people.pool_id, "bob", NEW, confirmed=False)
    session = people.initiate(USERNAME="bob", PASSWORD=NEW)["Session"]

    answers = {"USERNAME": "alice", "NEW_PASSWORD": NEWER}
    if door == "client":
        said = refusal(people.respond, "NEW_PASSWORD_REQUIRED", session, **answers)
    else:
        said = refusal(
            house.idp.admin_respond_to_auth_challenge,
            UserPoolId=people.pool_id,
            ClientId=people.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session,
            ChallengeResponses=answers,
        )

    assert said == INVALID
    assert people.sign_in(), "alice's password is still hers"
