"""`lido apply`: what a template wants is made, changed, replaced and taken away, and nothing else."""

import json
from base64 import b64encode

import pytest
from tests.pictures import picture
from tests.templates import POOL, client, everything, group, ref

from lido import errors
from lido.flows import stacks
from lido.stacks.kinds.clients import UserPoolClient

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:tokens"


@pytest.fixture
def stack(shell, tmp_path):
    return Stacked(shell, tmp_path / "people.json")


class Stacked:
    """One stack: what it is told to be, and what there is of it."""

    def __init__(self, shell, path):
        self.shell = shell
        self.idp = shell.house.idp
        self.path = path

    def wants(self, document, **resources):
        whole = {"Resources": {"People": POOL, **resources}} if document is None else document
        self.path.write_text(json.dumps(whole))

    def pool_with(self, **properties):
        return {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": "people", **properties}}

    def apply(self, *arguments):
        return self.shell.prints("apply", self.path, "--yes", *arguments)

    def refuses(self, *arguments):
        return self.shell.refuses("apply", self.path, "--yes", *arguments)

    def plan(self, *arguments):
        """The plan, or None where nothing would change."""
        result = self.shell("apply", self.path, "--dry-run", *arguments)
        assert result.exit_code in (0, 2), result.output
        return result.stdout if result.exit_code == 2 else None

    @property
    def pools(self):
        return [pool["Id"] for pool in self.idp.list_user_pools(MaxResults=60)["UserPools"]]

    @property
    def pool(self):
        (pool_id,) = self.pools
        return self.idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]

    @property
    def clients(self):
        pool_id = self.pool["Id"]
        listed = self.idp.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
        return {
            each["ClientName"]: self.idp.describe_user_pool_client(UserPoolId=pool_id, ClientId=each["ClientId"])[
                "UserPoolClient"
            ]
            for each in listed
        }


def test_a_second_run_of_everything_changes_nothing(stack):
    stack.wants({"Resources": everything(), "Outputs": {"Pool": {"Value": ref("People")}}})

    assert "8 to be made" in stack.plan()
    assert f"Pool = {stack.apply().rpartition(' = ')[2].strip()}" in stack.apply()

    assert stack.plan() is None
    pool_id = stack.pool["Id"]
    assert stack.idp.get_user_pool_mfa_config(UserPoolId=pool_id)["MfaConfiguration"] == "OPTIONAL"
    assert stack.clients["app"]["AllowedOAuthScopes"] == ["openid", "https://api.example.com/read"]
    members = stack.idp.list_users_in_group(UserPoolId=pool_id, GroupName="admins")["Users"]
    assert [user["Username"] for user in members] == ["ann"]
    assert stack.idp.get_group(UserPoolId=pool_id, GroupName="admins")["Group"]["RoleArn"].endswith(":role/Role")


def test_outputs_tell_the_address_that_the_server_was_given(stack):
    outputs = {"Issuer": {"Value": {"Fn::GetAtt": "People.ProviderURL"}}}
    stack.wants({"Resources": {"People": POOL}, "Outputs": outputs})

    told = stack.apply("--public-url", "https://id.example.com")

    assert told.endswith(f"Issuer = https://id.example.com/{stack.pool['Id']}\n")
    assert stack.plan("--public-url", "https://id.example.com") is None


def test_nothing_happens_without_consent(stack):
    stack.wants(None)

    declined = stack.shell("apply", stack.path)

    assert declined.exit_code == 1
    assert stack.pools == []


def test_only_what_differs_changes(stack):
    stack.wants(None, App=client(ClientName="app", CallbackURLs=["https://one.example.com"]))
    stack.apply()
    before = stack.pool

    stack.wants(None, App=client(ClientName="app", CallbackURLs=["https://two.example.com"]))
    plan = stack.plan()
    stack.apply()

    assert 'CallbackURLs: ["https://one.example.com"] → ["https://two.example.com"]' in plan
    assert "1 to be changed." in plan
    assert stack.pool == before
    assert stack.clients["app"]["CallbackURLs"] == ["https://two.example.com"]


def test_what_a_template_does_not_mention_stays(stack):
    stack.wants(None)
    stack.apply()
    stack.idp.update_user_pool(UserPoolId=stack.pool["Id"], PoolName="people", UserPoolTags={"owner": "me"})

    assert stack.plan() is None
    stack.wants({"Resources": {"People": stack.pool_with(AutoVerifiedAttributes=["email"])}})
    stack.apply()

    assert stack.pool["UserPoolTags"] == {"owner": "me"}
    assert stack.pool["AutoVerifiedAttributes"] == ["email"]


def test_what_leaves_the_template_goes_back_to_its_default(stack):
    weak = {"PasswordPolicy": {"MinimumLength": 6, "RequireSymbols": False}}
    stack.wants({"Resources": {"People": stack.pool_with(Policies=weak, MfaConfiguration="OFF", UserPoolTier="PLUS")}})
    stack.apply()

    stack.wants(None)
    assert "Policies: " in stack.plan()
    stack.apply()

    assert stack.pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert stack.pool["Policies"]["PasswordPolicy"]["RequireSymbols"] is True
    assert stack.pool["UserPoolTier"] == "ESSENTIALS"
    assert stack.plan() is None


@pytest.mark.parametrize(
    "said",
    [
        {"VerificationMessageTemplate": {"SmsMessage": "A {####}", "EmailMessage": "B {####}", "EmailSubject": "C"}},
        {"SmsVerificationMessage": "A {####}", "EmailVerificationMessage": "B {####}", "EmailVerificationSubject": "C"},
        {"AdminCreateUserConfig": {"UnusedAccountValidityDays": 3}},
        {"Policies": {"PasswordPolicy": {"TemporaryPasswordValidityDays": 3}}},
        {"LambdaConfig": {"PreTokenGeneration": FUNCTION}},
        {"LambdaConfig": {"PreTokenGenerationConfig": {"LambdaArn": FUNCTION, "LambdaVersion": "V1_0"}}},
    ],
)
def test_what_has_two_names_goes_back_by_both_when_it_leaves_the_template_under_one(stack, said):
    stack.wants(None)
    stack.apply()
    bare = stack.pool
    stack.wants({"Resources": {"People": stack.pool_with(**said)}})
    stack.apply()
    assert stack.pool != {**bare, "LastModifiedDate": stack.pool["LastModifiedDate"]}

    stack.wants(None)
    stack.apply()

    now = stack.pool
    assert {**now, "LastModifiedDate": 0} == {**bare, "LastModifiedDate": 0}
    assert stack.plan() is None


@pytest.mark.parametrize("mode", [{"MfaConfiguration": "OFF"}, {}, {"MfaConfiguration": "OPTIONAL"}])
def test_the_words_of_a_second_factor_that_is_off_are_no_difference(stack, mode):
    words = {"EmailAuthenticationMessage": "Sign in by {####}", "EmailAuthenticationSubject": "Your code"}
    factors = {"EnabledMfas": ["SOFTWARE_TOKEN_MFA"]}
    stack.wants({"Resources": {"People": stack.pool_with(**words, **factors, **mode)}})

    stack.apply()

    assert stack.plan() is None


def test_log_delivery_that_says_nothing_more_delivers_nothing_more(stack):
    notifications = {
        "EventSource": "userNotification",
        "LogLevel": "ERROR",
        "CloudWatchLogsConfiguration": {"LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:people"},
    }
    logs = {"Type": "AWS::Cognito::LogDeliveryConfiguration", "Properties": {"UserPoolId": ref("People")}}
    told = {**logs, "Properties": {**logs["Properties"], "LogConfigurations": [notifications]}}
    stack.wants(None, Logs=told)
    stack.apply()

    stack.wants(None, Logs=logs)
    stack.apply()

    answer = stack.idp.get_log_delivery_configuration(UserPoolId=stack.pool["Id"])
    assert answer["LogDeliveryConfiguration"]["LogConfigurations"] == []
    assert stack.plan() is None


def test_a_function_changes_under_either_of_its_two_names(stack):
    versioned = {"LambdaArn": FUNCTION, "LambdaVersion": "V2_0"}
    first = {"PreTokenGeneration": FUNCTION, "PreTokenGenerationConfig": {**versioned, "LambdaVersion": "V1_0"}}
    other = FUNCTION.replace(":tokens", ":others")
    for said, told in [
        ({"PreTokenGeneration": FUNCTION}, first),
        ({"PreTokenGenerationConfig": versioned}, {"PreTokenGenerationConfig": versioned}),
        ({"PreTokenGeneration": other}, json.loads(json.dumps(first).replace(FUNCTION, other))),
    ]:
        stack.wants({"Resources": {"People": stack.pool_with(LambdaConfig=said)}})
        stack.apply()
        assert stack.pool["LambdaConfig"] == told
        assert stack.plan() is None


def test_drift_is_put_right(stack):
    stack.wants(None, Admins=group(GroupName="admins", Precedence=1))
    stack.apply()
    stack.idp.update_group(UserPoolId=stack.pool["Id"], GroupName="admins", Precedence=7)

    assert "Precedence: 7 → 1" in stack.plan()
    stack.apply()

    assert stack.idp.get_group(UserPoolId=stack.pool["Id"], GroupName="admins")["Group"]["Precedence"] == 1


def test_what_leaves_the_template_is_deleted_unless_it_is_retained(stack):
    kept = {**group(GroupName="kept"), "DeletionPolicy": "Retain"}
    stack.wants(None, Kept=kept, Gone=group(GroupName="gone"))
    stack.apply()

    stack.wants(None)
    plan = stack.plan()
    stack.apply()

    assert "- Gone" in plan
    assert "· Kept" in plan
    groups = stack.idp.list_groups(UserPoolId=stack.pool["Id"])["Groups"]
    assert [each["GroupName"] for each in groups] == ["kept"]
    assert stack.plan() is None


def test_an_empty_template_takes_everything_away_in_an_order_that_works(stack):
    stack.wants({"Resources": everything()})
    stack.apply()

    stack.wants({"Resources": {}})
    stack.apply()

    assert stack.pools == []
    assert stack.plan() is None


def test_pools_of_another_project_whose_stack_is_called_alike_do_not_go_unasked(stack, monkeypatch):
    stack.wants(None)
    stack.apply()
    first = stack.pools
    for strange in ({"Others": stack.pool_with(UserPoolName="others")}, {"Table": {"Type": "AWS::DynamoDB::Table"}}):
        stack.wants({"Resources": strange})

        assert "- People" in stack.plan()
        assert "user pools of it would be deleted: name the template's own stack (--stack)" in stack.refuses()
        assert stack.pools == first

    stack.wants({"Resources": {"Others": stack.pool_with(UserPoolName="others")}})
    stack.apply("--stack", "others")
    assert set(first) < set(stack.pools)

    stack.wants({"Resources": {"Third": stack.pool_with(UserPoolName="third")}})
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    stack.shell.prints("apply", stack.path)
    assert not set(first) & set(stack.pools)


def test_what_its_condition_leaves_out_is_the_same_project_still(stack):
    never = {"Never": {"Fn::Equals": [1, 2]}}
    stack.wants(None)
    stack.apply()

    stack.wants({"Conditions": never, "Resources": {"People": {**POOL, "Condition": "Never"}}})
    stack.apply()

    assert stack.pools == []


def test_a_client_that_wants_a_secret_is_another_client(stack):
    stack.wants(None, App=client(ClientName="app"))
    stack.apply()
    before = stack.clients["app"]

    stack.wants(None, App=client(ClientName="app", GenerateSecret=True))
    assert "± App" in stack.plan()
    stack.apply()

    after = stack.clients["app"]
    assert "ClientSecret" not in before
    assert after["ClientSecret"]
    assert after["ClientId"] != before["ClientId"]
    assert stack.plan() is None


def test_another_domain_takes_the_place_of_the_old_one(stack):
    def domain(name):
        properties = {"UserPoolId": ref("People"), "Domain": name}
        return {"Type": "AWS::Cognito::UserPoolDomain", "Properties": properties}

    stack.wants(None, Domain=domain("one"))
    stack.apply()
    stack.wants(None, Domain=domain("two"))
    stack.apply()

    assert stack.pool["Domain"] == "two"
    assert stack.plan() is None


def test_what_is_fixed_for_ever_is_refused_before_anything_is_done(stack):
    stack.wants({"Resources": {"People": stack.pool_with(AliasAttributes=["email"])}})
    stack.apply()

    stack.wants({"Resources": {"People": stack.pool_with(AliasAttributes=["phone_number"]), "New": group()}})

    assert "AliasAttributes of a user pool cannot change" in stack.refuses()
    assert stack.idp.list_groups(UserPoolId=stack.pool["Id"])["Groups"] == []


def test_a_new_attribute_is_added_to_the_schema(stack):
    stack.wants(None)
    stack.apply()

    stack.wants({"Resources": {"People": stack.pool_with(Schema=[{"Name": "tier", "AttributeDataType": "String"}])}})
    stack.apply()

    assert "custom:tier" in [each["Name"] for each in stack.pool["SchemaAttributes"]]
    assert stack.plan() is None


def test_what_a_template_does_not_call_mutable_is_not(stack):
    tenant, added = ({"Name": name, "AttributeDataType": "String"} for name in ("tenant", "added"))
    email, name = {"Name": "email", "Required": True}, {"Name": "name", "Mutable": True}
    stack.wants({"Resources": {"People": stack.pool_with(Schema=[tenant, email, name])}})
    stack.apply()
    stack.wants({"Resources": {"People": stack.pool_with(Schema=[tenant, email, name, added])}})
    stack.apply()

    mutable = {each["Name"] for each in stack.pool["SchemaAttributes"] if each["Mutable"]}
    assert mutable & {"custom:tenant", "custom:added", "email", "name", "phone_number"} == {"name", "phone_number"}
    assert stack.plan() is None


def test_a_pool_that_somebody_deleted_is_made_again_with_all_that_it_had(stack):
    stack.wants({"Resources": everything()})
    stack.apply()
    stack.idp.delete_user_pool_domain(UserPoolId=stack.pool["Id"], Domain="people")
    stack.idp.delete_user_pool(UserPoolId=stack.pool["Id"])

    assert "it is there no more" in stack.plan()
    stack.apply()

    assert stack.clients["app"]
    assert stack.plan() is None


def test_attributes_of_a_user_change_in_place(stack):
    def ann(**attributes):
        listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
        properties = {"UserPoolId": ref("People"), "Username": "ann", "UserAttributes": listed}
        return {"Type": "AWS::Cognito::UserPoolUser", "Properties": {**properties, "MessageAction": "SUPPRESS"}}

    stack.wants(None, Ann=ann(name="Ann", locale="de", email="ann@example.com", email_verified="true"))
    stack.apply()
    assert stack.plan() is None

    stack.idp.admin_update_user_attributes(
        UserPoolId=stack.pool["Id"], Username="ann", UserAttributes=[{"Name": "nickname", "Value": "A"}]
    )
    stack.wants(None, Ann=ann(name="Anna", email="anna@example.com", email_verified="true"))
    stack.apply()

    user = stack.idp.admin_get_user(UserPoolId=stack.pool["Id"], Username="ann")
    attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    del attributes["sub"]
    assert attributes == {"name": "Anna", "nickname": "A", "email": "anna@example.com", "email_verified": "true"}
    assert stack.plan() is None

    stack.wants(None, Ann=ann())
    stack.apply()
    user = stack.idp.admin_get_user(UserPoolId=stack.pool["Id"], Username="ann")
    assert [each["Name"] for each in user["UserAttributes"] if each["Name"] != "sub"] == ["nickname"]
    assert stack.plan() is None


def test_an_image_that_leaves_the_template_leaves_the_branding(stack):
    image = {"ColorMode": "LIGHT", "Extension": "PNG", "Bytes": b64encode(picture()).decode()}
    logo, background = ({**image, "Category": each} for each in ("FORM_LOGO", "PAGE_BACKGROUND"))

    def branding(**how):
        properties = {"UserPoolId": ref("People"), "ClientId": ref("App"), **how}
        return {"Type": "AWS::Cognito::ManagedLoginBranding", "Properties": properties}

    settings = {"categories": {"global": {"colorSchemeMode": "LIGHT"}}}
    for how in (
        {"Assets": [logo, background], "Settings": settings},
        {"Assets": [background], "Settings": settings},
        {"Settings": {"categories": {"global": {"colorSchemeMode": "DARK"}}}},
        {"UseCognitoProvidedValues": True},
        {"Assets": [logo]},
    ):
        stack.wants(None, App=client(ClientName="app"), Look=branding(**how))
        stack.apply()
        assert stack.plan() is None

    own = {"UserPoolId": stack.pool["Id"], "ClientId": stack.clients["app"]["ClientId"]}
    told = stack.idp.describe_managed_login_branding_by_client(**own)["ManagedLoginBranding"]
    assert [each["Category"] for each in told["Assets"]] == ["FORM_LOGO"]


def test_what_exists_already_is_not_touched_unless_it_is_adopted(stack):
    pool_id = stack.shell.house.idp.create_user_pool(PoolName="people")["UserPool"]["Id"]
    stack.idp.create_group(UserPoolId=pool_id, GroupName="admins", Precedence=3)
    stack.wants(None, Admins=group(GroupName="admins", Precedence=5))

    plan = stack.plan("--adopt")
    stack.apply("--adopt")

    assert "= People" in plan
    assert "Precedence: 3 → 5" in plan
    assert stack.pools == [pool_id]
    assert stack.plan() is None

    stack.wants(None, Admins=group(GroupName="admins"), More=group(GroupName="more"))
    stack.idp.create_group(UserPoolId=pool_id, GroupName="more")
    assert "More: more exists already; --adopt takes it over." in stack.refuses()


def test_a_run_that_was_refused_in_the_middle_is_gone_on_with(stack):
    stack.wants(None, App=client(ClientName="app"), Zed=client(ClientName="zed", AllowedOAuthScopes=["none/such"]))

    assert "Zed: ScopeDoesNotExistException" in stack.refuses()
    assert list(stack.clients) == ["app"]
    stack.wants(None, App=client(ClientName="app"), Zed=client(ClientName="zed"))
    assert "1 to be made." in stack.plan()
    stack.apply()

    assert set(stack.clients) == {"app", "zed"}
    assert stack.plan() is None


@pytest.mark.parametrize("made", [True, False])
def test_a_run_that_was_killed_between_a_request_and_its_note_is_gone_on_with(stack, monkeypatch, made):
    stack.wants(None, App=client(ClientName="app"))
    create = UserPoolClient.create

    def killed(self, *given):
        if made:
            create(self, *given)
        raise KeyboardInterrupt

    monkeypatch.setattr(UserPoolClient, "create", killed)
    assert stack.shell("apply", stack.path, "--yes").exit_code != 0
    monkeypatch.setattr(UserPoolClient, "create", create)

    stack.apply()

    assert len(stack.idp.list_user_pool_clients(UserPoolId=stack.pool["Id"], MaxResults=9)["UserPoolClients"]) == 1
    assert stack.plan() is None


def test_a_run_that_was_killed_holds_the_stack_for_a_minute_and_no_longer(shell):
    def run():
        return stacks.alone(shell.house.call(), "us-east-1", "people")

    with run() as hold_on_late:
        with pytest.raises(errors.Conflict), run():
            pass
        shell.house.clock.advance(seconds=stacks.LEASE_SECONDS)
        with run() as hold_on:
            hold_on(shell.house.clock.now())
            with pytest.raises(errors.Conflict):
                hold_on_late(shell.house.clock.now())


def test_what_changed_since_it_was_shown_is_not_done(stack, monkeypatch):
    stack.wants(None)

    other = stack.path.with_name("other.json")
    other.write_text(stack.path.read_text())

    def applied_meanwhile(*_, **__):
        stack.shell.prints("apply", other, "--stack", "people", "--yes")

    monkeypatch.setattr("click.confirm", applied_meanwhile)
    result = stack.shell("apply", stack.path)

    assert "Something was changed meanwhile" in result.stderr
    assert len(stack.pools) == 1


def test_a_name_that_its_condition_leaves_out_is_refused(stack):
    none = {"Type": "AWS::Cognito::UserPool", "Condition": "Never"}
    never = {"Never": {"Fn::Equals": [1, 2]}}
    lost = {"Type": "AWS::Cognito::UserPoolGroup", "Properties": {"UserPoolId": ref("None"), "GroupName": "a"}}
    stack.wants({"Conditions": never, "Resources": {"None": none, "Lost": lost}})

    assert "Lost names something that its condition leaves out" in stack.refuses()
    assert stack.pools == []


def test_a_plan_that_is_refused_says_for_which_resource(stack):
    stack.wants(None)
    stack.apply()
    stack.wants(None, Admins=group(GroupName="no name"))

    refusal = stack.shell("apply", stack.path, "--dry-run")

    assert refusal.exit_code == 1
    assert "Error: Admins: InvalidParameterException: " in refusal.output


def test_two_runs_at_once_do_not_meet(stack):
    stack.wants(None)
    with stacks.alone(stack.shell.house.call(), "us-east-1", "people"):
        assert "Another run is at work on the stack people" in stack.refuses()
    stack.apply()


def test_what_is_not_built_is_refused_by_its_name(stack):
    stack.wants(None, Pool={"Type": "AWS::Cognito::IdentityPool", "Properties": {}})
    assert "Pool cannot be made: identity pools do not exist yet (AWS::Cognito::IdentityPool)." in stack.refuses()

    stack.wants(None, Odd={"Type": "AWS::Cognito::Odd", "Properties": {}})
    assert "there is no such type" in stack.refuses()
    assert stack.pools == []


def test_secrets_are_hidden_wherever_they_stand(stack):
    secret = {"Type": "String", "NoEcho": True}
    stack.wants(
        {
            "Parameters": {"Word": secret},
            "Resources": {
                "People": POOL,
                "App": client(ClientName="app", GenerateSecret=True),
                "Admins": group(GroupName="admins", Description={"Fn::Sub": "It is ${Word}"}),
            },
            "Outputs": {"Secret": {"Value": {"Fn::GetAtt": "App.ClientSecret"}}, "Word": {"Value": ref("Word")}},
        }
    )
    (stack.path.parent / "values.json").write_text('{"Word": "xyzzy"}')

    told = stack.plan("--parameter-file", stack.path.parent / "values.json") + stack.apply("--parameter", "Word=xyzzy")

    assert "xyzzy" not in told
    assert stack.clients["app"]["ClientSecret"] not in told
    described = stack.idp.get_group(UserPoolId=stack.pool["Id"], GroupName="admins")["Group"]["Description"]
    assert described == "It is xyzzy"


def test_every_change_is_in_the_audit_trail(stack):
    stack.wants(None)
    stack.apply()

    trail = stack.shell.prints("audit", "list")

    assert "CreateUserPool" in trail
    assert "command line: " in trail
