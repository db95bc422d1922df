"""A user pool's settings: what CreateUserPool, UpdateUserPool and SetUserPoolMfaConfig make of them.

Settings that were read are never changed in place: they are shared between requests.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from lido import errors
from lido.records import Folding, PoolSettings
from lido.rules import lambda_config, pool_requirements, schema, strength
from lido.shapes import idp

MINIMUM_PASSWORD_LENGTH = 8
TEMPORARY_PASSWORD_DAYS = 7

_DEFAULT_PASSWORD_POLICY = idp.PasswordPolicyType(
    require_uppercase=True, require_lowercase=True, require_numbers=True, require_symbols=True
)


def created(request: idp.CreateUserPoolRequest, region: str) -> PoolSettings:
    """The settings of a new pool, complete with Cognito's defaults. Raises InvalidParameter, UserPoolTagging."""
    attributes = schema.merge([msgspec.to_builtins(attribute) for attribute in request.schema or ()])
    shape = _completed(
        replace(_given(request), schema_attributes=msgspec.convert(attributes, list[idp.SchemaAttributeType])),
        _validity_days(request),
    )
    settings = _with_sms_mfa(PoolSettings(shape))
    pool_requirements.check(settings, region)
    return settings


def updated(request: idp.UpdateUserPoolRequest, seen: PoolSettings, region: str) -> PoolSettings:
    """The settings after UpdateUserPool: what the request omits falls back to its default.

    Kept when omitted: MFA, both policies, dynamic client registration, tags, verification before an update. Kept
    always: schema, aliases, username rules. Raises InvalidParameter, UserPoolTagging.
    """
    if request.mfa_configuration == "ON" and seen.shape.mfa_configuration != "ON":
        raise errors.InvalidParameter("Cannot turn MFA functionality ON, once the user pool has been created.")
    given, before = _given(request), seen.shape
    shape = _completed(
        replace(
            given,
            policies=_kept_policies(given.policies, before.policies),
            mfa_configuration=given.mfa_configuration or before.mfa_configuration,
            dcr_configuration=given.dcr_configuration or before.dcr_configuration,
            user_pool_tags=before.user_pool_tags if given.user_pool_tags is None else given.user_pool_tags,
            user_attribute_update_settings=given.user_attribute_update_settings
            or before.user_attribute_update_settings,
            schema_attributes=before.schema_attributes,
            alias_attributes=before.alias_attributes,
            username_attributes=before.username_attributes,
            username_configuration=before.username_configuration,
        ),
        _validity_days(request),
    )
    settings = _with_sms_mfa(replace(seen, shape=shape))
    pool_requirements.check(settings, region)
    return settings


def with_mfa(request: idp.SetUserPoolMfaConfigRequest, seen: PoolSettings, region: str) -> PoolSettings:
    """The settings after SetUserPoolMfaConfig, which replaces MFA and passkeys as a whole. Raises InvalidParameter."""
    mode = request.mfa_configuration or "OFF"
    sms, software, email = (
        request.sms_mfa_configuration,
        request.software_token_mfa_configuration,
        request.email_mfa_configuration,
    )
    software_token = None if software is None else bool(software.enabled)
    if mode == "OFF" and any(block is not None for block in (sms, software, email)):
        raise errors.InvalidParameter(
            "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
        )
    if mode != "OFF" and sms is None and email is None and not software_token:
        raise errors.InvalidParameter(
            "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
        )
    if mode != "OFF" and sms is None and seen.sms_mfa is not None:
        raise errors.InvalidParameter("Can't turn off SMS_MFA when SMS configuration is set for the user pool")
    shape = replace(seen.shape, mfa_configuration=mode)
    if sms is not None:
        shape = replace(
            shape,
            sms_configuration=sms.sms_configuration or shape.sms_configuration,
            sms_authentication_message=sms.sms_authentication_message or shape.sms_authentication_message,
        )
    settings = replace(
        seen,
        shape=shape,
        software_token_mfa=software_token,
        sms_mfa=None if sms is None else _sms_mfa(shape),
        email_mfa=email,
        webauthn=request.web_authn_configuration,
    )
    pool_requirements.check(settings, region)
    return settings


def with_custom_attributes(wanted: list[idp.SchemaAttributeType], seen: PoolSettings) -> PoolSettings:
    """The settings after AddCustomAttributes. Raises InvalidParameter."""
    before = seen.shape.schema_attributes or []
    added = schema.add(msgspec.to_builtins(before), msgspec.to_builtins(wanted))
    attributes = [*before, *msgspec.convert(added, list[idp.SchemaAttributeType])]
    return replace(seen, shape=replace(seen.shape, schema_attributes=attributes))


def folding(settings: PoolSettings) -> Folding:
    """How the pool compares names: case counts unless UsernameConfiguration says otherwise."""
    rule = settings.shape.username_configuration
    return Folding.INSENSITIVE if rule is not None and not rule.case_sensitive else Folding.SENSITIVE


def _given(request: idp.CreateUserPoolRequest | idp.UpdateUserPoolRequest) -> idp.UserPoolType:
    """What the request sets of what a pool shows under the same name."""
    names = set(request.__struct_fields__) & set(idp.UserPoolType.__struct_fields__)
    members: dict[str, Any] = {name: getattr(request, name) for name in names}
    return idp.UserPoolType(**members)


def _validity_days(request: idp.CreateUserPoolRequest | idp.UpdateUserPoolRequest) -> int | None:
    """Days that a temporary password lives, by the present member or by the one it replaced; zero counts as absent."""
    policy = request.policies.password_policy if request.policies else None
    config = request.admin_create_user_config
    days = policy.temporary_password_validity_days if policy else None
    legacy_days = config.unused_account_validity_days if config else None
    if days and legacy_days is not None:
        raise errors.InvalidParameter(
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
        )
    return days or legacy_days or None


def _kept_policies(
    given: idp.UserPoolPolicyType | None, before: idp.UserPoolPolicyType | None
) -> idp.UserPoolPolicyType:
    given, before = given or idp.UserPoolPolicyType(), before or idp.UserPoolPolicyType()
    return idp.UserPoolPolicyType(
        password_policy=given.password_policy or before.password_policy,
        sign_in_policy=given.sign_in_policy or before.sign_in_policy,
    )


def _completed(given: idp.UserPoolType, validity_days: int | None) -> idp.UserPoolType:
    """A pool's members with the defaults of those that Cognito always shows."""
    policies = _policies(given.policies or idp.UserPoolPolicyType(), validity_days)
    template = _template(given)
    admin = given.admin_create_user_config or idp.AdminCreateUserConfigType()
    email = given.email_configuration or idp.EmailConfigurationType()
    return replace(
        given,
        policies=policies,
        deletion_protection=given.deletion_protection or "INACTIVE",
        lambda_config=lambda_config.with_both_names(given.lambda_config or idp.LambdaConfigType()),
        verification_message_template=template,
        sms_verification_message=template.sms_message,
        email_verification_message=template.email_message,
        email_verification_subject=template.email_subject,
        mfa_configuration=given.mfa_configuration or "OFF",
        email_configuration=replace(email, email_sending_account=email.email_sending_account or "COGNITO_DEFAULT"),
        user_pool_tags=given.user_pool_tags or {},
        admin_create_user_config=replace(
            admin,
            allow_admin_create_user_only=bool(admin.allow_admin_create_user_only),
            unused_account_validity_days=policies.password_policy
            and policies.password_policy.temporary_password_validity_days,
        ),
        user_pool_tier=given.user_pool_tier or "ESSENTIALS",
        acr_configuration=_levels(given.acr_configuration),
    )


def _levels(given: dict[str, idp.AcrLevelConfigType] | None) -> dict[str, idp.AcrLevelConfigType] | None:
    """All four names, once one is given."""
    if not given:
        return None
    return {f"Level{level}": idp.AcrLevelConfigType(acr_value=strength.name(level, given)) for level in strength.LEVELS}


def _policies(given: idp.UserPoolPolicyType, validity_days: int | None) -> idp.UserPoolPolicyType:
    policy = given.password_policy or _DEFAULT_PASSWORD_POLICY
    return idp.UserPoolPolicyType(
        password_policy=idp.PasswordPolicyType(
            minimum_length=policy.minimum_length or MINIMUM_PASSWORD_LENGTH,
            require_uppercase=bool(policy.require_uppercase),
            require_lowercase=bool(policy.require_lowercase),
            require_numbers=bool(policy.require_numbers),
            require_symbols=bool(policy.require_symbols),
            password_history_size=policy.password_history_size,
            temporary_password_validity_days=validity_days
            or policy.temporary_password_validity_days
            or TEMPORARY_PASSWORD_DAYS,
        ),
        sign_in_policy=given.sign_in_policy or idp.SignInPolicyType(allowed_first_auth_factors=["PASSWORD"]),
    )


def _template(given: idp.UserPoolType) -> idp.VerificationMessageTemplateType:
    """The messages of a pool; the three members of older times say the same where the template is silent."""
    template = given.verification_message_template or idp.VerificationMessageTemplateType()
    return replace(
        template,
        sms_message=template.sms_message or given.sms_verification_message,
        email_message=template.email_message or given.email_verification_message,
        email_subject=template.email_subject or given.email_verification_subject,
        default_email_option=template.default_email_option or "CONFIRM_WITH_CODE",
    )


def _with_sms_mfa(settings: PoolSettings) -> PoolSettings:
    """The factors that fit the pool's MFA mode and SMS configuration, which Create- and UpdateUserPool may change.

    SMS is the factor of a pool that turns MFA on here; SetUserPoolMfaConfig knows others. Raises InvalidParameter.
    """
    shape = settings.shape
    if shape.mfa_configuration == "OFF":
        return replace(settings, software_token_mfa=None, sms_mfa=None, email_mfa=None)
    has_another = settings.software_token_mfa or settings.email_mfa is not None
    if shape.sms_configuration is None:
        if not has_another:
            raise errors.InvalidParameter(
                "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
            )
        return replace(settings, sms_mfa=None)
    sms_is_on = settings.sms_mfa is not None or not has_another
    return replace(settings, sms_mfa=_sms_mfa(shape) if sms_is_on else None)


def _sms_mfa(shape: idp.UserPoolType) -> idp.SmsMfaConfigType:
    if shape.sms_configuration is None:
        raise errors.InvalidParameter(
            "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
        )
    return idp.SmsMfaConfigType(
        sms_authentication_message=shape.sms_authentication_message, sms_configuration=shape.sms_configuration
    )
