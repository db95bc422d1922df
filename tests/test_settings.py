"""Settings: where they come from, what wins, what is refused, what is never shown."""

import base64
import re

import pytest

from lido import settings
from lido.settings import SettingError, load

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_sources_the_documented_defaults_hold():
    found = load({}, {})

    assert (found.host, found.port, found.workers) == ("127.0.0.1", 9229, 1)
    assert found.public_url == "http://localhost:9229"
    assert found.database == "sqlite:///lido-data/lido.db"
    assert found.region == ("us-east-1",)
    assert found.account_id == "000000000000"
    assert (found.argon2_memory_kib, found.argon2_time_cost, found.argon2_parallelism) == (19456, 2, 1)


def test_a_variable_beats_the_file_and_an_option_beats_both(empty_folder):
    (empty_folder / "lido.toml").write_text('port = 1\nhost = "file"\naccount_id = "111111111111"\n')
    environ = {"LIDO_PORT": "2", "LIDO_HOST": "variable"}

    found = load({"port": 3, "host": None}, environ)

    assert (found.port, found.host, found.account_id) == (3, "variable", "111111111111")


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_file_can_be_named(empty_folder, way):
    file = empty_folder / "other.toml"
    file.write_text("port = 7\n")

    found = load({"config": str(file)}, {}) if way == "option" else load({}, {"LIDO_CONFIG": str(file)})

    assert found.port == 7


def test_a_named_file_that_is_missing_is_refused():
    with pytest.raises(SettingError, match=r"absent\.toml cannot be read"):
        load({"config": "absent.toml"}, {})


def test_a_file_with_an_unknown_name_is_refused(empty_folder):
    (empty_folder / "lido.toml").write_text("prot = 1\n")

    with pytest.raises(SettingError, match=r"sets prot, which is not a setting"):
        load({}, {})


def test_a_secret_is_read_from_the_file_that_a_variable_names(empty_folder):
    (empty_folder / "smtp").write_text("smtp://user:hidden@mail.example\n")

    assert load({}, {"LIDO_SMTP_URL_FILE": str(empty_folder / "smtp")}).smtp_url == "smtp://user:hidden@mail.example"


def test_a_secret_set_twice_is_refused():
    with pytest.raises(SettingError, match="LIDO_SMTP_URL and LIDO_SMTP_URL_FILE are both set"):
        load({}, {"LIDO_SMTP_URL": "smtp://mail", "LIDO_SMTP_URL_FILE": "smtp"})


def test_a_secret_file_that_is_missing_is_refused():
    with pytest.raises(SettingError, match="LIDO_SMTP_URL_FILE names absent, which cannot be read"):
        load({}, {"LIDO_SMTP_URL_FILE": "absent"})


def test_the_file_of_the_master_key_stays_a_file():
    found = load({}, {"LIDO_MASTER_KEY_FILE": "keys"})

    assert (found.master_key, found.master_key_file) == (None, "keys")


def test_lists_are_written_with_commas_or_as_arrays(empty_folder):
    (empty_folder / "lido.toml").write_text('trusted_proxies = ["10.0.0.0/8", "::1/128"]\n')

    found = load({"region": "us-east-1, eu-west-1"}, {})

    assert found.region == ("us-east-1", "eu-west-1")
    assert found.trusted_proxies == ("10.0.0.0/8", "::1/128")


def test_the_public_address_follows_port_and_tls():
    assert load({"port": 80, "tls_dev": True}, {}).public_url == "https://localhost:80"
    assert load({"port": 80}, {}).public_url == "http://localhost"
    assert load({"port": 443, "tls_dev": True}, {}).public_url == "https://localhost"
    assert load({"tls_cert": "a.pem", "tls_key": "b.pem"}, {}).public_url == "https://localhost:9229"
    assert load({"public_url": "https://id.example/"}, {}).public_url == "https://id.example"


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://ID.Example:443/", "https://id.example"),
        ("http://id.example:80", "http://id.example"),
        ("HTTP://[::1]:80/", "http://[::1]"),
        ("https://id.example:80", "https://id.example:80"),
        ("https://id.example:8443/Lido/", "https://id.example:8443/Lido"),
    ],
)
def test_the_public_address_is_written_as_browsers_write_origins(given, written):
    assert load({"public_url": given}, {}).public_url == written


def test_the_database_file_lies_in_the_data_directory():
    assert str(load({"data_dir": "/var/lib/lido"}, {}).sqlite_path) == "/var/lib/lido/lido.db"
    assert str(load({"database": "sqlite:////srv/a.db"}, {}).sqlite_path) == "/srv/a.db"
    assert load({"database": "postgresql://db/lido"}, {}).sqlite_path is None


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("port", "tcp://10.0.0.1:9229", "Expected `int`"),
        ("port", "0", ">= 1"),
        ("port", "65536", "<= 65535"),
        ("tls_dev", "perhaps", "Expected `bool`"),
        ("synchronous", "OFF", "Invalid enum value"),
        ("account_id", "12345", "matching regex"),
        ("account_id", "123456789012\n", "matching regex"),
        ("region", "", "length >= 1"),
        ("region", "any,us-east-1", "it must be `any`"),
        ("region", "US EAST", "it must be `any`"),
        ("region", "us-east-1,,x", "with commas between, not ''"),
        ("region", "us-east-1,", "with commas between, not ''"),
        ("region", "us-east-", "not 'us-east-'"),
        ("region", "us--east-1", "not 'us--east-1'"),
        ("region", "us-east-1\n", "it must be `any`"),
        ("database", "mysql://db/lido", "sqlite:///path or postgresql://"),
        ("database", "sqlite:///", "sqlite:///path or postgresql://"),
        ("public_url", "localhost:9229", "it must be http"),
        ("public_url", "https://id.example/?a=b", "without query"),
        ("public_url", "https://id.example:99999", "it must be http"),
        ("public_url", "https://me@id.example", "it must be http"),
        ("public_url", "https://\u65e5.example", "in ASCII"),
        ("domain_suffix", "auth.example.com:8443", "without port"),
        ("domain_suffix", "Auth.example.com", "in lower case"),
        ("domain_suffix", "example", "a name such as auth.example.com"),
        ("domain_suffix", "", "a name such as auth.example.com"),
        ("acme_directory", "acme.example", "it must be http"),
        ("smtp_url", "http://mail.example", "it must be smtp"),
        ("sms_gateway_url", "ftp://sms.example", "it must be http"),
        ("ses_endpoint", "email.{region}.amazonaws.com", "it must be http"),
        ("sns_endpoint", "https://sns.{zone}.amazonaws.com", "may hold {region}"),
        ("log_delivery_endpoint", "https://{host}/?x", "may hold {service} and {region}"),
        ("log_delivery_url", "ftp://logs.example", "it must be http"),
        ("aws_access_key_id", "AKIAIOSFODNN7EXAMPLE", "go together"),
        ("kms_endpoint", "kms.amazonaws.com", "it must be http"),
        ("sms_gateway_form", "To={to}", "it must hold {to} and {text}"),
        ("sms_gateway_form", "To={to}&Body={text}&X={secret}", "no other braces"),
        ("trusted_proxies", "10.0.0.1/8", "is not a network"),
        ("trusted_proxies", "10.0.0.0/8,", "an empty word is not a network"),
        ("argon2_memory_kib", "7", ">= 8"),
        ("argon2_parallelism", "65536", "each lane needs"),
        ("tls_cert", "a.pem", "go together"),
        ("root_access_key_id", "AKIAIOSFODNN7EXAMPLE", "go together"),
        ("root_access_key_id", "short", "matching regex"),
        ("root_secret_access_key", "hidden", "length >= 16"),
        ("master_key", "aGlkZGVu", "base64 of 32 bytes"),
        ("master_key", "hidden!", "base64 of 32 bytes"),
        ("master_key", "", "no master key"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence_that_names_its_source(name, value, complaint):
    with pytest.raises(SettingError, match=re.escape(complaint)) as refusal:
        load({}, {f"LIDO_{name.upper()}": value})

    sentence = str(refusal.value)
    assert "\n" not in sentence.replace(value, "")
    assert "hidden" not in sentence
    assert sentence.endswith(".")
    assert f"(variable LIDO_{name.upper()})" in sentence or "(default)" in sentence


def test_a_development_certificate_and_a_real_one_exclude_each_other():
    with pytest.raises(SettingError, match="tls_cert names one"):
        load({"tls_dev": True, "tls_cert": "a.pem", "tls_key": "b.pem"}, {})


def test_two_master_keys_from_two_sources_are_refused():
    with pytest.raises(SettingError, match="master_key_file is set too"):
        load({"master_key_file": "keys"}, {"LIDO_MASTER_KEY": KEY})


def test_a_value_that_is_overruled_need_not_be_right():
    assert load({"port": 80}, {"LIDO_PORT": "tcp://10.0.0.1:9229"}).port == 80


def test_several_master_keys_are_read_in_order():
    other = base64.b64encode(bytes(32)).decode()

    assert settings.parse_master_keys(f"{KEY}\n{other},{KEY}\n") == (bytes(range(32)), bytes(32), bytes(range(32)))


def test_no_secret_is_shown_by_repr():
    secret = {row.variable: "smtp://x:hidden@y" for row in settings.describe() if row.secret}
    for owner in ("ROOT", "AWS"):
        secret[f"LIDO_{owner}_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE"
    secret["LIDO_MASTER_KEY"] = KEY
    secret["LIDO_DATABASE"] = "postgresql://lido:hidden@db/lido"

    found = load({}, secret)

    assert found.smtp_url == "smtp://x:hidden@y"
    assert "hidden" not in repr(found)
    assert KEY not in repr(found)


def test_misspelt_variables_are_found():
    environ = {"LIDO_DATABSE": "", "LIDO_DATABASE": "", "LIDO_SMTP_URL_FILE": "", "LIDO_CONFIG": "", "HOME": ""}

    assert settings.unknown_variables(environ) == ["LIDO_DATABSE"]


def test_variables_of_kubernetes_service_links_are_no_misspellings():
    environ = {
        "LIDO_SERVICE_HOST": "10.0.0.1",
        "LIDO_SERVICE_PORT": "80",
        "LIDO_SERVICE_PORT_HTTP": "80",
        "LIDO_PORT": "tcp://10.0.0.1:80",
        "LIDO_PORT_80_TCP": "tcp://10.0.0.1:80",
        "LIDO_PORT_80_TCP_ADDR": "10.0.0.1",
        "LIDO_DB_SERVICE_HOST": "10.0.0.2",
        "LIDO_DB_SERVICE_PORT": "5432",
        "LIDO_DB_PORT": "tcp://10.0.0.2:5432",
        "LIDO_METRIC_PORT": "9230",
    }

    assert settings.unknown_variables(environ) == ["LIDO_METRIC_PORT"]


@pytest.mark.parametrize("variable", ["LIDO_PORT", "LIDO_METRICS_PORT"])
def test_a_port_from_a_kubernetes_service_link_is_told_with_its_cure(variable):
    with pytest.raises(SettingError, match=rf"\(variable {variable}\).*Kubernetes.*`enableServiceLinks: false`"):
        load({}, {variable: "tcp://10.0.0.1:80"})


def test_every_setting_has_a_sentence_and_a_variable():
    for row in settings.describe():
        assert re.fullmatch(r"[A-Z`].*\.", row.sentence), row
        assert row.variable == f"LIDO_{row.name.upper()}"
