"""ListUsers: its filters, its pages, and the attributes it is asked for."""

import pytest


def attributes(**values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


def create(idp, pool, username, **values):
    return idp.admin_create_user(
        UserPoolId=pool, Username=username, UserAttributes=attributes(**values), MessageAction="SUPPRESS"
    )["User"]


@pytest.fixture
def pool(house, idp):
    """Five people whose names differ in case and beginning."""
    pool = house.pool()
    create(idp, pool, "ann", email="ann@example.com", name="Ann", family_name="Lee", phone_number="+491")
    create(idp, pool, "Anna", email="Anna@example.com", name="Anna", given_name="Anna", preferred_username="aa")
    create(idp, pool, "bob", email="bob@example.org", name="Bob", family_name="Lee")
    create(idp, pool, "carol", name='C "x" \\ y', phone_number="+4922")
    create(idp, pool, "dave")
    idp.admin_disable_user(UserPoolId=pool, Username="dave")
    return pool


def found(idp, pool, text, **arguments):
    users = idp.list_users(UserPoolId=pool, Filter=text, **arguments)["Users"]
    return sorted(user["Username"] for user in users)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["Anna", "ann", "bob", "carol", "dave"]),
        ('username = "ann"', ["ann"]),
        ('username ^= "an"', ["ann"]),
        ('username ^= "An"', ["Anna"]),
        ('username = "nobody"', []),
        ('email ^= "ann"', ["ann"]),
        ('email="Anna@example.com"', ["Anna"]),
        ('phone_number ^= "+49"', ["ann", "carol"]),
        ('phone_number = "+491"', ["ann"]),
        ('name ^= "Ann"', ["Anna", "ann"]),
        ('name = "C \\"x\\" \\\\ y"', ["carol"]),
        ('given_name = "Anna"', ["Anna"]),
        ('family_name = "Lee"', ["ann", "bob"]),
        ('preferred_username ^= "a"', ["Anna"]),
        ('status = "Enabled"', ["Anna", "ann", "bob", "carol"]),
        ('status = "Disabled"', ["dave"]),
        ('status = "disabled"', []),
        ('status ^= "Dis"', ["dave"]),
        ('cognito:user_status = "force_change_PASSWORD"', ["Anna", "ann", "bob", "carol", "dave"]),
        ('cognito:user_status ^= "CONF"', []),
    ],
)
def test_a_filter_finds_whom_it_means(idp, pool, text, names):
    assert found(idp, pool, text) == names


def test_names_are_found_in_any_case_where_the_pool_ignores_it_but_usernames_are_not(house, idp):
    pool = house.pool(UsernameConfiguration={"CaseSensitive": False})
    create(idp, pool, "Ann", email="Ann@example.com")

    assert found(idp, pool, 'email = "aNN@example.com"') == ["Ann"]
    assert found(idp, pool, 'username = "ann"') == []
    assert found(idp, pool, 'username ^= "An"') == ["Ann"]


def test_a_sub_is_found_whole_and_by_its_beginning(idp, pool):
    sub = idp.admin_get_user(UserPoolId=pool, Username="bob")["UserAttributes"][0]["Value"]

    assert found(idp, pool, f'sub = "{sub}"') == ["bob"]
    assert found(idp, pool, f'sub ^= "{sub}"') == ["bob"]
    assert "bob" in found(idp, pool, f'sub ^= "{sub[:5]}"')
    assert found(idp, pool, f'sub = "{sub[:5]}"') == []
    assert len(found(idp, pool, 'sub ^= ""')) == 5


def test_where_usernames_are_addresses_the_username_is_the_sub(house, idp):
    pool = house.pool(UsernameAttributes=["email"])
    username = create(idp, pool, "ann@example.com")["Username"]

    assert found(idp, pool, f'username = "{username}"') == [username]
    assert found(idp, pool, f'username ^= "{username[:4]}"') == [username]
    assert found(idp, pool, 'username = "ann@example.com"') == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "Error while parsing filter"),
        ('name = "a" and name = "b"', "Error while parsing filter"),
        ('name > "a"', "Error while parsing filter"),
        ('custom:tier = "a"', "Invalid search attribute: custom:tier"),
        ('locale = "a"', "Invalid search attribute: locale"),
    ],
)
def test_what_is_no_filter_is_refused(idp, pool, text, sentence):
    with pytest.raises(idp.exceptions.InvalidParameterException, match=sentence):
        found(idp, pool, text)


@pytest.mark.parametrize(
    "text", ["", 'name ^= ""', 'family_name = "Lee"', 'status = "Enabled"', 'username ^= ""', 'sub ^= ""']
)
def test_pages_together_are_the_whole_list(idp, pool, text):
    whole, names, token = found(idp, pool, text), [], {}
    while True:
        page = idp.list_users(UserPoolId=pool, Filter=text, Limit=1, **token)
        assert len(page["Users"]) <= 1
        names += [user["Username"] for user in page["Users"]]
        if "PaginationToken" not in page:
            break
        token = {"PaginationToken": page["PaginationToken"]}
    assert sorted(names) == whole


def test_no_limit_and_zero_are_sixty(idp, pool):
    for limit in ({}, {"Limit": 0}):
        page = idp.list_users(UserPoolId=pool, **limit)
        assert len(page["Users"]) == 5
        assert "PaginationToken" not in page
    with pytest.raises(idp.exceptions.InvalidParameterException, match=r"less than or equal to 60"):
        idp.list_users(UserPoolId=pool, Limit=61)


def test_a_page_token_works_for_an_hour_and_for_its_own_list_only(house, idp, pool):
    token = idp.list_users(UserPoolId=pool, Limit=2)["PaginationToken"]
    other = house.pool()

    def refused(**request):
        with pytest.raises(idp.exceptions.InvalidParameterException, match=r"Paging marker .* is invalid for request"):
            idp.list_users(**{"UserPoolId": pool, "PaginationToken": token, **request})

    refused(Filter='name ^= ""')
    refused(UserPoolId=other)
    refused(PaginationToken=token[:-4] + "AAAA")
    refused(PaginationToken="x")
    assert len(idp.list_users(UserPoolId=pool, PaginationToken=token)["Users"]) == 3
    house.clock.advance(hours=1)
    refused()


def test_a_listed_user_is_shown_as_lists_show_users(idp, pool):
    (user,) = idp.list_users(UserPoolId=pool, Filter='username = "bob"')["Users"]
    described = idp.admin_get_user(UserPoolId=pool, Username="bob")
    assert user["Attributes"] == described["UserAttributes"]
    for name in ("Username", "UserCreateDate", "UserLastModifiedDate", "Enabled", "UserStatus"):
        assert user[name] == described[name]


def test_only_the_attributes_that_were_asked_for_are_listed(idp, pool):
    users = idp.list_users(UserPoolId=pool, Filter='family_name = "Lee"', AttributesToGet=["email", "name"])["Users"]
    assert [{attribute["Name"] for attribute in user["Attributes"]} for user in users] == [{"email", "name"}] * 2


def test_attributes_that_no_filter_knows_must_be_there_for_everybody(idp, pool):
    idp.admin_update_user_attributes(UserPoolId=pool, Username="bob", UserAttributes=attributes(locale="en"))

    (user,) = idp.list_users(UserPoolId=pool, Filter='username = "bob"', AttributesToGet=["locale"])["Users"]

    assert user["Attributes"] == [{"Name": "locale", "Value": "en"}]
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.list_users(UserPoolId=pool, AttributesToGet=["locale"])
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.list_users(UserPoolId=pool, AttributesToGet=["custom:none"])


def test_an_unknown_pool_has_no_list(idp):
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.list_users(UserPoolId="us-east-1_nowhere12")
