// oauth4webapi: an app without a secret, which checks every answer by itself.
import * as oauth from 'oauth4webapi'
import { browse, facts, tell } from './teller.mjs'

const { issuer, clientId, callback } = facts

const insecure = { [oauth.allowInsecureRequests]: true } // only for http on your own machine
const discovered = await oauth.discoveryRequest(new URL(issuer), insecure)
const as = await oauth.processDiscoveryResponse(new URL(issuer), discovered)
const byRfc8414 = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), { ...insecure, algorithm: 'oauth2' }),
)
const client = { client_id: clientId }
const clientAuth = oauth.None()

const verifier = oauth.generateRandomCodeVerifier()
const nonce = oauth.generateRandomNonce()
const state = oauth.generateRandomState()
const url = new URL(as.authorization_endpoint)
url.search = new URLSearchParams({
  client_id: clientId,
  redirect_uri: callback,
  response_type: 'code',
  scope: 'openid email',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  nonce,
  state,
})
const params = oauth.validateAuthResponse(as, client, await browse(url), state)
const redeemed = await oauth.authorizationCodeGrantRequest(as, client, clientAuth, params, callback, verifier, insecure)
const tokens = await oauth.processAuthorizationCodeResponse(as, client, redeemed, {
  expectedNonce: nonce,
  requireIdToken: true,
})
await oauth.validateApplicationLevelSignature(as, redeemed, insecure)
const { sub } = oauth.getValidatedIdTokenClaims(tokens)

const userInfo = await oauth.userInfoRequest(as, client, tokens.access_token, insecure)
const user = await oauth.processUserInfoResponse(as, client, sub, userInfo)
const renewed = await oauth.refreshTokenGrantRequest(as, client, clientAuth, tokens.refresh_token, insecure)
const refreshed = await oauth.processRefreshTokenResponse(as, client, renewed)
const revoked = await oauth.revocationRequest(as, client, clientAuth, tokens.refresh_token, insecure)
await oauth.processRevocationResponse(revoked)
const dead = await oauth.userInfoRequest(as, client, refreshed.access_token, insecure)
const challenges = await oauth.processUserInfoResponse(as, client, sub, dead).catch((error) => error.cause)

tell({
  sameMetadata: JSON.stringify(byRfc8414) === JSON.stringify(as),
  user: { username: user.username, email: user.email, verified: user.email_verified, name: user.name ?? null },
  refreshed: oauth.getValidatedIdTokenClaims(refreshed).sub === sub,
  afterRevocation: challenges[0].parameters.error,
})
