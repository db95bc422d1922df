import pytest

from lido import errors
from lido.rules import schema, user_csv
from lido.rules.user_csv import LONGEST_ROW, MFA_ENABLED, PASSWORD_HASH, USERNAME, Unreadable

COLUMNS = ("name", "email", "email_verified", MFA_ENABLED, USERNAME)
EXPECTED = ["name", "email", "email_verified", MFA_ENABLED, USERNAME]


def row(line, columns=COLUMNS):
    return user_csv.read_row(columns, line if isinstance(line, bytes) else line.encode())


def refused(sentence):
    return pytest.raises(errors.InvalidParameter, match=sentence)


def test_the_header_leaves_out_what_is_ours_to_give():
    known = schema.by_name([]) or {each["Name"]: each for each in schema.standard_attributes()}
    found = user_csv.header(known)
    assert "sub" not in found
    assert "identities" not in found
    assert found[-2:] == [MFA_ENABLED, USERNAME]


def test_columns_come_in_any_order_and_lines_end_as_windows_ends_them():
    line = ",".join(reversed(EXPECTED)).encode() + b"\r"
    assert user_csv.read_header(line, EXPECTED, with_hashes=False) == tuple(reversed(EXPECTED))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"\xef\xbb\xbf" + ",".join(EXPECTED).encode(), "must be encoded in UTF-8 without a byte order mark"),
        (",".join(EXPECTED).encode("utf-16"), "must be encoded in UTF-8"),
        (",".join(EXPECTED).encode("utf-16-le"), "must be encoded in UTF-8"),
        (b"name,email,\xe9", "cannot be read: The row is not encoded in UTF-8"),
        (None, "too long"),
        (b"", "lacks the column name and 4 more."),
        (b"name,email,email_verified,cognito:username", "lacks the column cognito:mfa_enabled."),
        (",".join([*EXPECTED, "name"]).encode(), "names a column twice"),
        (",".join([*EXPECTED, "sub"]).encode(), "names columns that the user pool does not know"),
        (",".join([*EXPECTED, "cognito:groups"]).encode(), "names columns that the user pool does not know"),
        (",".join([*EXPECTED, PASSWORD_HASH]).encode(), "names columns that the user pool does not know"),
        (",".join([*EXPECTED, *map(str, range(3_000))]).encode(), "names columns that the user pool does not know"),
        (",".join([*EXPECTED, *map(str, range(10_000))]).encode(), "longer than 16000 characters"),
        (",".join(f'"{name}"' for name in EXPECTED).encode(), "enclosed in quotation marks"),
        (";".join(EXPECTED).encode(), "lacks the column"),
    ],
)
def test_a_header_of_another_kind_is_no_header(line, sentence):
    with pytest.raises(Unreadable, match=sentence) as caught:
        user_csv.read_header(line, EXPECTED, with_hashes=False)
    assert len(str(caught.value)) <= 128


def test_a_job_with_hashes_has_a_column_for_them():
    line = ",".join([*EXPECTED, PASSWORD_HASH]).encode()
    assert user_csv.read_header(line, EXPECTED, with_hashes=True)[-1] == PASSWORD_HASH
    with pytest.raises(Unreadable, match=f"lacks the column {PASSWORD_HASH}."):
        user_csv.read_header(",".join(EXPECTED).encode(), EXPECTED, with_hashes=True)


def test_a_comma_in_a_value_has_a_backslash_before_it_and_blanks_around_values_go():
    found = row("Doe\\, Jane , jane@example.com,TRUE, False,jane\r")
    assert (found.username, found.mfa_enabled) == ("jane", False)
    assert found.attributes == {"name": "Doe, Jane", "email": "jane@example.com", "email_verified": "true"}


def test_values_that_a_spreadsheet_would_run_are_only_text():
    found = row("=cmd|' /C calc'!A0,+1@example.com,true,false,@SUM(A1:A9)")
    assert (found.username, found.attributes["name"]) == ("@SUM(A1:A9)", "=cmd|' /C calc'!A0")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("a,b", "The row has 2 columns and the header 5."),
        ("a,b,c,d,e,f", "The row has 6 columns and the header 5."),
        ("Doe, Jane,j@example.com,true,false,jane", "The row has 6 columns and the header 5."),
        ('"Jane",j@example.com,true,false,jane', "enclosed in quotation marks"),
        ("Jane\0,j@example.com,true,false,jane", "control characters"),
        ("Ja\rne,j@example.com,true,false,jane", "control characters"),
        ("Ja\tne,j@example.com,true,false,jane", "control characters"),
        ("Ja\x1bne,j@example.com,true,false,jane", "control characters"),
        ("Ren\xe9,r@example.com,true,false,rene".encode("latin-1"), "not encoded in UTF-8"),
        (b"\xed\xa0\x80,r@example.com,true,false,rene", "not encoded in UTF-8"),
        (f"{'x' * LONGEST_ROW},j@example.com,true,false,jane", "longer than 16000 characters"),
        ("Jane,j@example.com,true,false,", "cognito:username is required"),
        ("Jane,j@example.com,true,,jane", "cognito:mfa_enabled must be true or false"),
        ("Jane,j@example.com,true,1,jane", "cognito:mfa_enabled must be true or false"),
    ],
)
def test_what_is_no_row_is_refused_without_repeating_it(line, sentence):
    with refused(sentence) as caught:
        row(line)
    assert "Jane" not in str(caught.value)


def test_dates_are_american_or_as_tokens_have_them():
    columns = (*COLUMNS, "birthdate")
    for given, stored in (("12/31/1990", "1990-12-31"), ("1990-12-31", "1990-12-31"), ("31/12/1990", "31/12/1990")):
        assert row(f"J,,,false,jane,{given}", columns).attributes["birthdate"] == stored


def test_the_pool_says_what_a_second_factor_must_be():
    without, with_one = row("J,,,false,jane"), row("J,,,true,jane")
    for configuration, fitting in (("OFF", without), ("ON", with_one)):
        user_csv.check_mfa(fitting, configuration)
        with refused(f"MFA is {configuration} in the user pool"):
            user_csv.check_mfa(with_one if fitting is without else without, configuration)
    user_csv.check_mfa(with_one, "OPTIONAL")
    user_csv.check_mfa(without, "OPTIONAL")


def test_a_row_tells_nothing_in_a_log():
    assert "jane" not in repr(row("J,,,false,jane"))
