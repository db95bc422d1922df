// AWS SDK for JavaScript v3: sign up, confirm, sign in, refresh, revoke; refusals are the SDK's own classes.
import {
  AdminGetUserCommand,
  CognitoIdentityProviderClient,
  ConfirmSignUpCommand,
  GetUserCommand,
  InitiateAuthCommand,
  NotAuthorizedException,
  paginateListUserPools,
  RevokeTokenCommand,
  SignUpCommand,
  UserNotConfirmedException,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider'
import { codeSentTo, facts, refusal, tell } from './teller.mjs'

const { endpoint, userPoolId, clientId, email } = facts
const [username, password] = ['alice', 'Passw0rd!']

const client = new CognitoIdentityProviderClient({ endpoint, region: 'us-east-1' })
const send = (Command, input) => client.send(new Command({ ClientId: clientId, ...input }))
const signIn = (Password) =>
  send(InitiateAuthCommand, {
    AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: username, PASSWORD: Password },
  })

const signUp = { Username: username, Password: password, UserAttributes: [{ Name: 'email', Value: email }] }
const signedUp = await send(SignUpCommand, signUp)
const again = await refusal(send(SignUpCommand, signUp))
const early = await refusal(signIn(password))
await send(ConfirmSignUpCommand, { Username: username, ConfirmationCode: await codeSentTo(email) })

const wrong = await refusal(signIn('Wr0ng-pass!'))
const { AuthenticationResult: tokens } = await signIn(password)
const user = await client.send(new GetUserCommand({ AccessToken: tokens.AccessToken }))

const refresh = () =>
  send(InitiateAuthCommand, { AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: tokens.RefreshToken } })
const { AuthenticationResult: refreshed } = await refresh()
await send(RevokeTokenCommand, { Token: tokens.RefreshToken })
const revokedRefresh = await refusal(refresh())
const revokedAccess = await refusal(client.send(new GetUserCommand({ AccessToken: refreshed.AccessToken })))

// The operator's requests are signed with the profile that the environment names.
const seen = await client.send(new AdminGetUserCommand({ UserPoolId: userPoolId, Username: username }))
const pools = []
for await (const page of paginateListUserPools({ client, pageSize: 1 }, {})) pools.push(...page.UserPools)

tell({
  confirmedAtOnce: signedUp.UserConfirmed,
  codeWentTo: signedUp.CodeDeliveryDetails,
  secondSignUp: again instanceof UsernameExistsException,
  signInBeforeConfirming: early instanceof UserNotConfirmedException,
  wrongPassword: wrong instanceof NotAuthorizedException && wrong.message,
  attributes: Object.fromEntries(user.UserAttributes.map(({ Name, Value }) => [Name, Value])),
  refreshed: [refreshed.TokenType, refreshed.RefreshToken ?? null, refreshed.AccessToken !== tokens.AccessToken],
  revokedRefresh: revokedRefresh instanceof NotAuthorizedException && revokedRefresh.message,
  revokedAccess: revokedAccess instanceof NotAuthorizedException && revokedAccess.message,
  status: seen.UserStatus,
  createdIsADate: seen.UserCreateDate instanceof Date && Math.abs(Date.now() - seen.UserCreateDate) < 3_600_000,
  poolIsListed: pools.some(({ Id }) => Id === userPoolId),
  requestId: typeof user.$metadata.requestId,
})
