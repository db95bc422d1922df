"""The family of refusals, with their default sentences; no numbers, no HTTP.

A class is named as Cognito names it, without "Exception"; `web` gives it its
wire name and status. The first block comes from the service models, the second
are the protocol errors that every AWS service shares. Sentences that Cognito's
reference does not know are listed in docs/deviations.md as unconfirmed.
"""


class Unavailable(Exception):
    """The database cannot serve now: lost, full, locked for too long, or all connections taken. Later may work."""


class Conflict(Exception):
    """Another writer was first: a unique key is taken, or the engine gave up this transaction. Start it again."""


class Fault(Exception):
    """A refusal that the caller may read. `sentence` is what Cognito says."""

    sentence = ""

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)

    @property
    def message(self) -> str:
        """The sentence of this very refusal."""
        return str(self.args[0])

    @classmethod
    def wire_name(cls) -> str:
        """Cognito's name of the refusal: `NotAuthorizedException`."""
        return f"{cls.__name__}Exception"


class OAuthError(Exception):
    """A refusal in the words of OAuth 2.0 (RFC 6749 §5.2): `error` is its code, `description` may be shown."""

    def __init__(self, error: str, description: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


# Refusals of the service models.


class AccessDenied(Fault):
    sentence = "Access denied."


class AliasExists(Fault):
    sentence = "An account with the given email already exists."


class CodeDeliveryFailure(Fault):
    sentence = "The code could not be delivered."


class CodeMismatch(Fault):
    sentence = "Invalid verification code provided, please try again."


class ConcurrentModification(Fault):
    sentence = "The resource was changed by another request. Try again."


class DeviceKeyExists(Fault):
    sentence = "Device already exists."


class DuplicateProvider(Fault):
    sentence = "A provider with this name already exists."


class EnableSoftwareTokenMFA(Fault):
    sentence = "Code mismatch"


class ExpiredCode(Fault):
    sentence = "Invalid code provided, please request a code again."


class FeatureUnavailableInTier(Fault):
    sentence = "The feature is not available for the pricing tier configured."


class Forbidden(Fault):
    sentence = "Request not allowed due to WAF block."


class GroupExists(Fault):
    sentence = "A group with the name already exists."


class InternalError(Fault):
    sentence = "Internal server error"


class InternalServer(Fault):
    sentence = "Internal server error"


class InvalidEmailRoleAccessPolicy(Fault):
    sentence = "Cognito is not allowed to use your email identity"


class InvalidLambdaResponse(Fault):
    sentence = "Unrecognizable lambda output"


class InvalidOAuthFlow(Fault):
    sentence = "client_credentials flow can not be selected along with code flow or implicit flow."


class InvalidParameter(Fault):
    sentence = "Invalid parameter."


class InvalidPassword(Fault):
    sentence = "Password did not conform with policy"


class InvalidSmsRoleAccessPolicy(Fault):
    sentence = "Role does not have permission to publish with SNS"


class InvalidSmsRoleTrustRelationship(Fault):
    sentence = "Role does not have a trust relationship allowing Cognito to assume the role"


class InvalidUserPoolConfiguration(Fault):
    sentence = "The user pool is not configured for this operation."


class LimitExceeded(Fault):
    sentence = "Attempt limit exceeded, please try after some time."


class MFAMethodNotFound(Fault):
    sentence = "No MFA mechanism registered for the user."


class ManagedLoginBrandingExists(Fault):
    sentence = "The app client already has a managed login branding style."


class NotAuthorized(Fault):
    sentence = "Incorrect username or password."


class OperationNotEnabled(Fault):
    sentence = "The operation is not enabled."


class PasswordHistoryPolicyViolation(Fault):
    sentence = "Password has previously been used."


class PasswordResetRequired(Fault):
    sentence = "Password reset required for the user"


class PreconditionNotMet(Fault):
    sentence = "A precondition of the operation is not met."


class RefreshTokenReuse(Fault):
    sentence = "Refresh Token has been reused"


class ResourceNotFound(Fault):
    sentence = "The resource does not exist."


class ScopeDoesNotExist(Fault):
    sentence = "Invalid scope requested"


class ServiceQuotaExceeded(Fault):
    sentence = "The service quota is exceeded."


class SoftwareTokenMFANotFound(Fault):
    sentence = "Software Token MFA has not been enabled by the userPool"


class TermsExists(Fault):
    sentence = "Terms with this name already exist for the app client."


class TierChangeNotAllowed(Fault):
    sentence = "The tier cannot be changed."


class TooManyFailedAttempts(Fault):
    sentence = "Attempt limit exceeded, please try after some time."


class TooManyRequests(Fault):
    """`retry_after_seconds` is when asking again may help; 1 where nobody knows."""

    sentence = "Rate exceeded"

    def __init__(self, sentence: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class Unauthorized(Fault):
    sentence = "Invalid client or token."


class UnexpectedLambda(Fault):
    sentence = "The trigger could not be invoked."


class UnsupportedIdentityProvider(Fault):
    sentence = "The identity provider is not supported."


class UnsupportedOperation(Fault):
    sentence = "Please enable token revocation before revoking tokens for this client"


class UnsupportedTokenType(Fault):
    sentence = "The token is not a refresh token."


class UnsupportedUserState(Fault):
    sentence = "The state of the user does not allow this operation."


class UserImportInProgress(Fault):
    sentence = "A user import job is running."


class UserLambdaValidation(Fault):
    sentence = "The trigger refused the request."


class UserNotConfirmed(Fault):
    sentence = "User is not confirmed."


class UserNotFound(Fault):
    sentence = "User does not exist."


class UserPoolAddOnNotEnabled(Fault):
    sentence = "User pool add-ons not enabled"


class UserPoolTagging(Fault):
    sentence = "The tags are not valid."


class UsernameExists(Fault):
    sentence = "User already exists"


class WebAuthnChallengeNotFound(Fault):
    sentence = "The passkey challenge does not exist or has expired."


class WebAuthnClientMismatch(Fault):
    sentence = "The passkey challenge was made for another app client."


class WebAuthnConfigurationMissing(Fault):
    sentence = "The user pool has no relying party id."


class WebAuthnCredentialNotSupported(Fault):
    sentence = "The authenticator is not supported."


class WebAuthnNotEnabled(Fault):
    sentence = "Passkeys are not enabled for the user pool."


class WebAuthnOriginNotAllowed(Fault):
    sentence = "The origin is not allowed."


class WebAuthnRelyingPartyMismatch(Fault):
    sentence = "The relying party id does not match."


class DeveloperUserAlreadyRegistered(Fault):
    sentence = "The developer user identifier is already registered to another identity."


class ExternalService(Fault):
    sentence = "An external service failed."


class InvalidIdentityPoolConfiguration(Fault):
    sentence = "The identity pool is not configured for this operation."


class ResourceConflict(Fault):
    sentence = "The login is already linked to another identity."


# Protocol errors that every AWS service shares (reference: AWS common errors).


class IncompleteSignature(Fault):
    sentence = "The request signature does not conform to AWS standards."


class InvalidSignature(Fault):
    sentence = (
        "The request signature we calculated does not match the signature you provided. Check your "
        "AWS Secret Access Key and signing method. Consult the service documentation for details."
    )


class MissingAuthenticationToken(Fault):
    sentence = "Missing Authentication Token"


class UnrecognizedClient(Fault):
    sentence = "The security token included in the request is invalid."


class ExpiredToken(Fault):
    sentence = "The security token included in the request is expired"


class Serialization(Fault):
    sentence = "The request body is not valid JSON of the expected shape."


class UnknownOperation(Fault):
    sentence = "The operation is not known."


class NotImplemented(Fault):
    sentence = "The operation is not built yet."


class RequestEntityTooLarge(Fault):
    sentence = "Request size exceeded the limit."


class ServiceUnavailable(Fault):
    sentence = "The service is unavailable. Try again."
