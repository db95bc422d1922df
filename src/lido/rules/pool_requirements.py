"""What the settings of a user pool must satisfy together, with Cognito's sentence for each breach.

The whole is checked after every change, so that no order of operations leads to a pool that creation would refuse.
"""

import re
from collections.abc import Iterator, Mapping

from lido import errors
from lido.records import PoolSettings
from lido.rules import options, strength, tags
from lido.shapes import idp

_SES_REGIONS = ("eu-west-1", "us-east-1", "us-west-2")
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_NAMED_ADDRESS = re.compile(r"[^<>\r\n]{0,320}<([^<>]{1,320})>")
_MFA_EXCLUDES = "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"


def check(settings: PoolSettings, region: str) -> None:
    """Refuse settings that contradict themselves; `region` is the pool's. Raises InvalidParameter, UserPoolTagging."""
    shape = settings.shape
    tags.check(shape.user_pool_tags or {}, errors.UserPoolTagging)
    _check_names(shape)
    _check_verification(shape)
    _check_triggers(shape.lambda_config or idp.LambdaConfigType(), region)
    _check_email(shape.email_configuration or idp.EmailConfigurationType(), region)
    _check_sms(shape.sms_configuration or idp.SmsConfigurationType(), region)
    _check_first_factors(settings)
    _check_email_mfa(settings)
    _check_recovery(settings)
    _check_acr(shape.acr_configuration or {})


def _refuse(condition: object, sentence: str) -> None:
    if condition:
        raise errors.InvalidParameter(sentence)


def _check_names(shape: idp.UserPoolType) -> None:
    _refuse(
        shape.alias_attributes and shape.username_attributes,
        "Only one of the aliasAttributes or usernameAttributes can be set in a User pool.",
    )
    required = {attribute.name for attribute in shape.schema_attributes or () if attribute.required}
    # The alias can be set only after confirmation: nobody could ever sign up.
    _refuse(
        "preferred_username" in (shape.alias_attributes or ()) and "preferred_username" in required,
        "The attribute preferred_username cannot be both an alias and required.",
    )


def _check_verification(shape: idp.UserPoolType) -> None:
    auto_verified = shape.auto_verified_attributes or []
    _refuse(
        "phone_number" in auto_verified and shape.sms_configuration is None,
        "SMS configuration is required when phone_number is selected for auto verification",
    )
    update = shape.user_attribute_update_settings or idp.UserAttributeUpdateSettingsType()
    _refuse(
        set(update.attributes_require_verification_before_update or ()) - set(auto_verified),
        "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes",
    )


def _check_triggers(config: idp.LambdaConfigType, region: str) -> None:
    regions = {_region_of(arn) for arn in _functions(config)} - {""}
    _refuse(regions - {region}, "Cross-region lambda functions are not supported")
    custom_sender = config.custom_sms_sender or config.custom_email_sender
    _refuse(
        custom_sender and not config.kms_key_id,
        "KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used.",
    )
    versioned = config.pre_token_generation_config
    _refuse(
        versioned and config.pre_token_generation and versioned.lambda_arn != config.pre_token_generation,
        "Cannot use PreTokenGenerationLambda and PreTokenGeneration with different Lambda function ARN's",
    )


def _functions(config: idp.LambdaConfigType) -> Iterator[str]:
    for name in config.__struct_fields__:
        value = getattr(config, name)
        if value is not None and name != "kms_key_id":
            yield value if isinstance(value, str) else value.lambda_arn


def _region_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[3] if len(parts) > 3 else ""


def _check_email(config: idp.EmailConfigurationType, region: str) -> None:
    _refuse(
        config.email_sending_account == "DEVELOPER" and not config.source_arn,
        "Source ARN is required to use DEVELOPER email sending owner",
    )
    _refuse(config.from_ and not _is_sender(config.from_), "Provided From email address is invalid")
    allowed = sorted({*_SES_REGIONS, region})
    _refuse(
        config.source_arn and _region_of(config.source_arn) not in allowed,
        f"Provided SourceArn must be in one of the following SES regions: {', '.join(allowed)}.",
    )


def _is_sender(text: str) -> bool:
    named = _NAMED_ADDRESS.fullmatch(text)
    return _ADDRESS.fullmatch(named[1] if named else text) is not None


def _check_sms(config: idp.SmsConfigurationType, region: str) -> None:
    _refuse(
        config.sns_region and config.sns_region != region,
        f"Invalid snsRegion. Allowed SNS region for {region} is {region}",
    )


def _check_first_factors(settings: PoolSettings) -> None:
    shape = settings.shape
    policy = shape.policies.sign_in_policy if shape.policies else None
    factors = set((policy.allowed_first_auth_factors if policy else None) or ("PASSWORD",))
    _refuse("PASSWORD" not in factors, "Password should be configured as one of the allowed first auth factors.")
    _refuse(
        "SOFTWARE_TOKEN" in factors, "SOFTWARE_TOKEN can not be configured as one of the allowed first auth factors."
    )
    _refuse(
        "SMS_OTP" in factors and shape.sms_configuration is None,
        "SMS_OTP can not be configured as AuthFactor as user pool is missing valid SMS configuration",
    )
    if shape.mfa_configuration == "ON":
        without_password = options.in_force(settings, "passwordless_mfa") == "true"
        _refuse(factors & {"EMAIL_OTP", "SMS_OTP"} and not without_password, _MFA_EXCLUDES)
        webauthn = settings.webauthn or idp.WebAuthnConfigurationType()
        _refuse(
            "WEB_AUTHN" in factors and webauthn.factor_configuration != "MULTI_FACTOR_WITH_USER_VERIFICATION",
            "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an "
            "allowed first auth factor",
        )


def _check_email_mfa(settings: PoolSettings) -> None:
    email = settings.shape.email_configuration or idp.EmailConfigurationType()
    _refuse(
        settings.email_mfa is not None and email.email_sending_account != "DEVELOPER",
        "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of "
        "COGNITO_DEFAULT.",
    )


def _check_recovery(settings: PoolSettings) -> None:
    recovery = settings.shape.account_recovery_setting or idp.AccountRecoverySettingType()
    mechanisms = recovery.recovery_mechanisms or []
    names = {mechanism.name for mechanism in mechanisms}
    priorities = {mechanism.priority for mechanism in mechanisms}
    _refuse(
        min(len(names), len(priorities)) < len(mechanisms),
        "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.",
    )
    _refuse(
        "admin_only" in names and len(names) > 1,
        "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.",
    )
    # One phone must not be both the second factor and the only way around the first.
    _refuse(
        names == {"verified_phone_number"} and settings.sms_mfa is not None,
        "Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_phone_number as a "
        "recovery mechanism when SMS MFA is configured.",
    )


def _check_acr(given: Mapping[str, idp.AcrLevelConfigType]) -> None:
    named = {level: strength.name(level, given) for level in strength.LEVELS}
    _refuse(len(set(named.values())) < len(named), "ACR values must be unique within a user pool.")
    others = {name: strength.default_name(level) for level, name in named.items()}
    _refuse(
        any(name in others.values() and name != default for name, default in others.items()),
        "An ACR value cannot be the default value of another level.",
    )
