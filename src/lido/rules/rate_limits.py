"""Cognito's request rates: which operation counts in which category, and how many requests a second each may reach.

AWS counts per account and region; here each pool has every rate to itself, so that no pool uses up another's. What is
about no pool counts for its region. (Developer guide, "Quotas in Amazon Cognito", API operation categories.)
"""

from collections.abc import Mapping

CHALLENGES = "UserAuthentication/challenges"
"""Answers to challenges have a rate of their own, three times the category's: one sign-in may ask several times."""
CHALLENGES_PER_SIGN_IN = 3

DEFAULT_RATES: Mapping[str, int] = {
    "UserAuthentication": 120,
    "UserCreation": 50,
    "UserFederation": 25,
    "UserAccountRecovery": 30,
    "UserRead": 120,
    "UserUpdate": 25,
    "UserToken": 120,
    "UserResourceRead": 50,
    "UserResourceUpdate": 25,
    "UserList": 30,
    "UserPoolRead": 15,
    "UserPoolUpdate": 15,
    "UserPoolResourceRead": 20,
    "UserPoolResourceUpdate": 15,
    "UserPoolClientRead": 15,
    "UserPoolClientUpdate": 15,
    "ClientAuthentication": 150,
    "LimitManagement": 1,
}
"""Requests a second of each category before anybody changes them on AWS."""

ADJUSTABLE = frozenset(
    {"UserAuthentication", "UserCreation", "UserFederation", "UserRead", "UserToken", "UserResourceRead"}
)
"""The categories that UpdateProvisionedLimit knows."""

MOST_PER_OPERATION = 5
"""Requests a second of any one operation of `CAPPED`, and of tagging, on one pool."""
CAPPED = frozenset({"UserPoolResourceRead", "UserPoolResourceUpdate", "UserPoolClientRead", "UserPoolClientUpdate"})

_OPERATIONS = {
    "UserAuthentication": "InitiateAuth AdminInitiateAuth GetTokensFromRefreshToken",
    CHALLENGES: "RespondToAuthChallenge AdminRespondToAuthChallenge",
    "UserCreation": "SignUp ConfirmSignUp AdminCreateUser AdminConfirmSignUp",
    "UserAccountRecovery": (
        "ChangePassword ConfirmForgotPassword ForgotPassword AdminResetUserPassword AdminSetUserPassword"
    ),
    "UserRead": "AdminGetUser AdminGetUserAuthFactors GetUser GetUserAuthFactors",
    "UserUpdate": (
        "AdminAddUserToGroup AdminRemoveUserFromGroup AdminUpdateUserAttributes AdminDeleteUserAttributes"
        " UpdateUserAttributes DeleteUserAttributes AdminEnableUser AdminDisableUser AdminDeleteUser DeleteUser"
        " AdminLinkProviderForUser AdminDisableProviderForUser VerifyUserAttribute GlobalSignOut"
        " AdminUserGlobalSignOut AdminRevokeUserSession RevokeUserSession"
    ),
    "UserToken": "RevokeToken",
    "UserResourceRead": (
        "AdminGetDevice AdminListDevices GetDevice ListDevices AdminListGroupsForUser AdminListUserAuthEvents"
        " AdminListUserSessions ListUserSessions GetUserAttributeVerificationCode ResendConfirmationCode"
        " ListWebAuthnCredentials"
    ),
    "UserResourceUpdate": (
        "AdminForgetDevice AdminUpdateDeviceStatus ConfirmDevice ForgetDevice UpdateDeviceStatus"
        " AdminSetUserMFAPreference SetUserMFAPreference AdminSetUserSettings SetUserSettings AssociateSoftwareToken"
        " VerifySoftwareToken AdminDeleteSoftwareToken AdminUpdateAuthEventFeedback UpdateAuthEventFeedback"
        " StartWebAuthnRegistration CompleteWebAuthnRegistration DeleteWebAuthnCredential"
    ),
    "UserList": "ListUsers ListUsersInGroup",
    "UserPoolRead": "DescribeUserPool ListUserPools",
    "UserPoolUpdate": "CreateUserPool UpdateUserPool DeleteUserPool",
    "UserPoolResourceRead": (
        "DescribeIdentityProvider DescribeManagedLoginBranding DescribeManagedLoginBrandingByClient"
        " DescribeResourceServer DescribeRiskConfiguration DescribeTerms DescribeTermsByClient DescribeUserImportJob"
        " DescribeUserPoolDomain GetCSVHeader GetGroup GetIdentityProviderByIdentifier GetLogDeliveryConfiguration"
        " GetSigningCertificate GetUICustomization GetUserPoolMfaConfig GetUserPoolSessionConfiguration ListGroups"
        " ListIdentityProviders ListResourceServers ListTagsForResource ListTerms ListUserImportJobs"
        " ListUserPoolReplicas"
    ),
    "UserPoolResourceUpdate": (
        "AddCustomAttributes CreateGroup CreateIdentityProvider CreateManagedLoginBranding CreateResourceServer"
        " CreateTerms CreateUserImportJob CreateUserPoolDomain CreateUserPoolReplica DeleteGroup"
        " DeleteIdentityProvider DeleteManagedLoginBranding DeleteResourceServer DeleteTerms DeleteUserPoolDomain"
        " DeleteUserPoolReplica SetLogDeliveryConfiguration SetRiskConfiguration SetUICustomization"
        " SetUserPoolMfaConfig SetUserPoolSessionConfiguration StartUserImportJob StopUserImportJob UpdateGroup"
        " UpdateIdentityProvider UpdateManagedLoginBranding UpdateResourceServer UpdateTerms UpdateUserPoolDomain"
        " UpdateUserPoolReplica"
    ),
    "UserPoolClientRead": (
        "DescribeUserPoolClient ListUserPoolClients ListUserPoolClientSecrets GetUserPoolClientSessionConfiguration"
    ),
    "UserPoolClientUpdate": (
        "CreateUserPoolClient UpdateUserPoolClient DeleteUserPoolClient AddUserPoolClientSecret"
        " DeleteUserPoolClientSecret SetUserPoolClientSessionConfiguration"
    ),
    "ClientAuthentication": "GetClientToken GetDerivedToken",
    "LimitManagement": "GetProvisionedLimit UpdateProvisionedLimit",
}
_TAGGING = ("TagResource", "UntagResource")

CHARGES: Mapping[str, tuple[str, ...]] = {
    **{
        operation: (operation, category) if category in CAPPED else (category,)
        for category, operations in _OPERATIONS.items()
        for operation in operations.split()
    },
    **{operation: (operation,) for operation in _TAGGING},
}
"""What a request of each operation counts in: its category, before it the operation itself where that is capped."""
NEW_PASSWORD = ("UserAccountRecovery",)
"""What the answer to the challenge NEW_PASSWORD_REQUIRED counts in."""

ENDPOINTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("POST", "/login"): CHARGES["InitiateAuth"],
    ("POST", "/challenge"): CHARGES["RespondToAuthChallenge"],
    ("POST", "/link"): CHARGES["RespondToAuthChallenge"],
    ("POST", "/signup"): CHARGES["SignUp"],
    ("POST", "/confirm"): CHARGES["ConfirmSignUp"],
    ("POST", "/confirmUser"): CHARGES["ConfirmSignUp"],
    ("POST", "/resendcode"): CHARGES["ResendConfirmationCode"],
    ("POST", "/forgotPassword"): CHARGES["ForgotPassword"],
    ("POST", "/confirmForgotPassword"): CHARGES["ConfirmForgotPassword"],
    ("POST", "/resetPassword"): CHARGES["ChangePassword"],
    ("POST", "/passkeys/add"): CHARGES["StartWebAuthnRegistration"],
    ("POST", "/device"): CHARGES["InitiateAuth"],
    ("POST", "/oauth2/par"): CHARGES["InitiateAuth"],
    ("POST", "/oauth2/device_authorization"): CHARGES["InitiateAuth"],
    ("POST", "/oauth2/register"): ("UserPoolClientUpdate",),
    ("POST", "/oauth2/revoke"): CHARGES["RevokeToken"],
    ("POST", "/oauth2/introspect"): CHARGES["RevokeToken"],
    ("GET", "/oauth2/userInfo"): CHARGES["GetUser"],
    ("POST", "/oauth2/userInfo"): CHARGES["GetUser"],
}
"""What a request to a page or an endpoint of a pool counts in; the token endpoint knows more (`of_grant`)."""


def of_grant(grant_type: str) -> tuple[str, ...]:
    """What a grant at the token endpoint counts in."""
    return CHARGES["GetClientToken" if grant_type == "client_credentials" else "InitiateAuth"]


def category_of(charge: str) -> str:
    """The category whose rate the rate of `charge` follows; itself where it follows none."""
    return "UserAuthentication" if charge == CHALLENGES else charge


def rate_of(charge: str, factor: int, provisioned: int | None = None) -> int:
    """Requests a second: `factor` times AWS's default, or what was `provisioned` for `category_of(charge)`."""
    if charge not in DEFAULT_RATES and charge != CHALLENGES:
        return provisioned or MOST_PER_OPERATION * factor
    rate = provisioned or DEFAULT_RATES[category_of(charge)] * factor
    return rate * CHALLENGES_PER_SIGN_IN if charge == CHALLENGES else rate


def fair_share(rate: int, mine: int, others: list[int]) -> int:
    """How much of `rate` is due to one who asks for `mine` beside `others`.

    Who asks for less than an even part gets it; those who ask for more divide the rest evenly, and so is divided what
    nobody asks for.
    """
    left = rate
    asking = sorted([mine, *others])
    for position, ask in enumerate(asking):
        even = left // (len(asking) - position)
        if ask > even:
            return mine if mine < ask else even
        left -= ask
    return mine + left // len(asking)
