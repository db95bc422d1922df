import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.world import ROOT_ID, ROOT_SECRET

from lido.records import Folding
from lido.storage import pools, signing_keys

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "external"}


def refused(code, sentence):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


def test_a_new_pool_is_described_as_it_was_created(house, idp):
    created = idp.create_user_pool(PoolName="people")["UserPool"]
    described = idp.describe_user_pool(UserPoolId=created["Id"])["UserPool"]
    assert created == described
    assert described["Id"].startswith("us-east-1_")
    assert described["Arn"] == f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{described['Id']}"
    assert described["Name"] == "people"
    assert described["EstimatedNumberOfUsers"] == 0
    assert described["CreationDate"].timestamp() * 1000 == house.clock.now()


def test_a_new_pool_has_two_keys_that_sign(house, idp):
    pool_id = house.pool()
    with house.database.read() as tx:
        keys = signing_keys.all_of(tx, pool_id)
    assert sorted((key.use, key.state) for key in keys) == [("access", "live"), ("id", "live")]
    assert len({key.kid for key in keys}) == 2


def test_the_case_rule_of_names_is_fixed_at_creation(house, idp):
    sensitive = house.pool()
    insensitive = house.pool(UsernameConfiguration={"CaseSensitive": False})
    with house.database.read() as tx:
        assert pools.find(tx, sensitive).folding == Folding.SENSITIVE
        assert pools.find(tx, insensitive).folding == Folding.INSENSITIVE


def test_an_unknown_pool_does_not_exist(idp):
    with refused("ResourceNotFoundException", "User pool us-east-1_aaaaaaaaa does not exist."):
        idp.describe_user_pool(UserPoolId="us-east-1_aaaaaaaaa")


def test_an_update_replaces_settings_and_may_rename(house, idp):
    pool_id = house.pool(AutoVerifiedAttributes=["email"], DeletionProtection="ACTIVE")
    house.clock.advance(seconds=1.5)
    idp.update_user_pool(UserPoolId=pool_id, PoolName="staff", UserPoolTags={"team": "a"})
    pool = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert pool["Name"] == "staff"
    assert pool["UserPoolTags"] == {"team": "a"}
    assert "AutoVerifiedAttributes" not in pool
    assert pool["DeletionProtection"] == "INACTIVE"
    assert (pool["LastModifiedDate"] - pool["CreationDate"]).total_seconds() == 1.5


def test_an_update_without_a_name_keeps_it(house, idp):
    pool_id = house.pool()
    idp.update_user_pool(UserPoolId=pool_id)
    assert idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Name"] == "people"


def test_a_refused_update_changes_nothing(house, idp):
    pool_id = house.pool(UserPoolTags={"team": "a"})
    before = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    with refused("InvalidParameterException", "SMS configuration is required when phone_number"):
        idp.update_user_pool(UserPoolId=pool_id, AutoVerifiedAttributes=["phone_number"])
    assert idp.describe_user_pool(UserPoolId=pool_id)["UserPool"] == before


def test_custom_attributes_are_added_once(house, idp):
    pool_id = house.pool()
    wanted = [{"Name": "tier", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "9"}}]
    idp.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=wanted)
    schema = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["SchemaAttributes"]
    assert schema[-1]["Name"] == "custom:tier"
    assert schema[-1]["NumberAttributeConstraints"] == {"MaxValue": "9"}
    with refused("InvalidParameterException", "custom:tier: Existing attribute already has name custom:tier."):
        idp.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=wanted)


def test_a_deleted_pool_is_gone(house, idp):
    pool_id = house.pool()
    idp.delete_user_pool(UserPoolId=pool_id)
    assert idp.list_user_pools(MaxResults=60)["UserPools"] == []
    for operation in (idp.describe_user_pool, idp.delete_user_pool, idp.update_user_pool):
        with refused("ResourceNotFoundException", f"User pool {pool_id} does not exist."):
            operation(UserPoolId=pool_id)


def test_a_protected_pool_is_not_deleted(house, idp):
    pool_id = house.pool(DeletionProtection="ACTIVE")
    with refused("InvalidParameterException", "The user pool cannot be deleted because deletion protection is activ"):
        idp.delete_user_pool(UserPoolId=pool_id)
    idp.update_user_pool(UserPoolId=pool_id, DeletionProtection="INACTIVE")
    idp.delete_user_pool(UserPoolId=pool_id)


def test_pools_are_listed_page_by_page(house, idp):
    made = {house.pool() for _ in range(5)}
    first = idp.list_user_pools(MaxResults=2)
    second = idp.list_user_pools(MaxResults=2, NextToken=first["NextToken"])
    third = idp.list_user_pools(MaxResults=2, NextToken=second["NextToken"])
    listed = [pool["Id"] for page in (first, second, third) for pool in page["UserPools"]]
    assert len(listed) == 5
    assert set(listed) == made
    assert "NextToken" not in third


def test_a_page_that_ends_the_list_has_no_token(house, idp):
    for _ in range(2):
        house.pool()
    assert "NextToken" not in idp.list_user_pools(MaxResults=2)


def test_a_token_is_over_after_an_hour_and_good_for_its_list_alone(house, idp):
    pool_id = house.pool()
    house.pool()
    token = idp.list_user_pools(MaxResults=1)["NextToken"]
    with refused("InvalidParameterException", "Paging marker .* is invalid for request"):
        idp.list_groups(UserPoolId=pool_id, NextToken=token)
    house.clock.advance(hours=1)
    with refused("InvalidParameterException", "Paging marker .* is invalid for request"):
        idp.list_user_pools(MaxResults=1, NextToken=token)


def test_a_pool_lives_in_the_region_that_its_creation_was_signed_for(database):
    from tests.world import World, sign_by

    house = World(database, region="us-east-1,eu-west-1")
    try:
        sign_by(house.clock)
        here, there = house.idp, house.boto(ROOT_ID, ROOT_SECRET, region="eu-west-1")
        pool_id = there.create_user_pool(PoolName="people")["UserPool"]["Id"]
        assert pool_id.startswith("eu-west-1_")
        assert here.list_user_pools(MaxResults=60)["UserPools"] == []
        assert [pool["Id"] for pool in there.list_user_pools(MaxResults=60)["UserPools"]] == [pool_id]
        with refused("ResourceNotFoundException", f"User pool {pool_id} does not exist."):
            here.describe_user_pool(UserPoolId=pool_id)
    finally:
        house.close()


def test_the_life_of_a_pool_is_told(house, idp):
    pool_id = house.pool()
    idp.update_user_pool(UserPoolId=pool_id)
    idp.delete_user_pool(UserPoolId=pool_id)
    with house.database.read() as tx:
        rows = tx.rows("SELECT kind FROM events WHERE pool_id = :pool_id ORDER BY id", pool_id=pool_id)
    assert {row[0] for row in rows} == {"pool_created", "pool_changed", "pool_deleted"}


# Members by themselves and in any company, without those that contradict each other.
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "Policies": st.just(
            {
                "PasswordPolicy": {
                    "MinimumLength": 12,
                    "RequireUppercase": True,
                    "RequireLowercase": False,
                    "RequireNumbers": True,
                    "RequireSymbols": False,
                    "PasswordHistorySize": 4,
                    "TemporaryPasswordValidityDays": 3,
                },
                "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]},
            }
        ),
        "DeletionProtection": st.sampled_from(["ACTIVE", "INACTIVE"]),
        "LambdaConfig": st.sampled_from(
            [{"PreSignUp": FUNCTION}, {"UserMigration": FUNCTION, "CustomMessage": FUNCTION}]
        ),
        "AutoVerifiedAttributes": st.just(["email"]),
        "VerificationMessageTemplate": st.just(
            {
                "SmsMessage": "{####} s",
                "EmailMessage": "{####} e",
                "EmailSubject": "subject",
                "EmailMessageByLink": "{##here##}",
                "EmailSubjectByLink": "link",
                "DefaultEmailOption": "CONFIRM_WITH_LINK",
            }
        ),
        "SmsAuthenticationMessage": st.just("{####} a"),
        "DeviceConfiguration": st.just(
            {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
        ),
        "EmailConfiguration": st.just(
            {
                "EmailSendingAccount": "DEVELOPER",
                "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/a@example.com",
                "From": "a@example.com",
                "ReplyToEmailAddress": "b@example.com",
                "ConfigurationSet": "set",
            }
        ),
        "SmsConfiguration": st.just(SMS),
        "UserPoolTags": st.dictionaries(st.sampled_from("abc"), st.text("xyz", max_size=3), min_size=1),
        "AdminCreateUserConfig": st.just(
            {
                "AllowAdminCreateUserOnly": True,
                "InviteMessageTemplate": {
                    "SMSMessage": "{username} {####}",
                    "EmailMessage": "{username} {####}",
                    "EmailSubject": "welcome",
                },
            }
        ),
        "UserPoolAddOns": st.sampled_from([{"AdvancedSecurityMode": "OFF"}, {"AdvancedSecurityMode": "ENFORCED"}]),
        "DcrConfiguration": st.just({"EnableStatus": "Enabled"}),
        "AccountRecoverySetting": st.just({"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]}),
        "UserPoolTier": st.sampled_from(["LITE", "ESSENTIALS", "PLUS"]),
        "KeyConfiguration": st.just({"KeyType": "AWS_OWNED_KEY"}),
        "IssuerConfiguration": st.sampled_from([{"Type": "ORIGINAL"}, {"Type": "UPDATED"}]),
        "AcrConfiguration": st.just({"Level1": {"AcrValue": "low"}}),
    },
)
FIXED = st.one_of(
    st.just({}),
    st.just({"AliasAttributes": ["email", "preferred_username"]}),
    st.just({"UsernameAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": False}}),
)
QUICK = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


def comes_back(sent, shown):
    """Whether everything that was sent is shown; defaults may stand beside it."""
    if isinstance(sent, dict):
        return isinstance(shown, dict) and all(name in shown and comes_back(sent[name], shown[name]) for name in sent)
    return bool(sent == shown)


@QUICK
@given(members=MEMBERS, fixed=FIXED, changes=MEMBERS)
def test_whatever_is_set_comes_back(house, idp, members, fixed, changes):
    pool_id = idp.create_user_pool(PoolName="people", **members, **fixed)["UserPool"]["Id"]
    assert comes_back({**members, **fixed}, idp.describe_user_pool(UserPoolId=pool_id)["UserPool"])
    idp.update_user_pool(UserPoolId=pool_id, **changes)
    assert comes_back({**changes, **fixed}, idp.describe_user_pool(UserPoolId=pool_id)["UserPool"])


@pytest.mark.parametrize(
    "said",
    [{"PreTokenGeneration": FUNCTION}, {"PreTokenGenerationConfig": {"LambdaArn": FUNCTION, "LambdaVersion": "V1_0"}}],
)
def test_the_first_version_of_pre_token_generation_is_told_under_both_its_names(idp, said):
    pool_id = idp.create_user_pool(PoolName="people", LambdaConfig=said)["UserPool"]["Id"]
    both = {
        "PreTokenGeneration": FUNCTION,
        "PreTokenGenerationConfig": {"LambdaArn": FUNCTION, "LambdaVersion": "V1_0"},
    }

    assert idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["LambdaConfig"] == both
    later = {"PreTokenGenerationConfig": {"LambdaArn": FUNCTION, "LambdaVersion": "V2_0"}}
    idp.update_user_pool(UserPoolId=pool_id, LambdaConfig=later)
    assert idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["LambdaConfig"] == later
