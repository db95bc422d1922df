// openid-client: a server with a secret that signs people in, and asks for nothing but the issuer.
import * as client from 'openid-client'
import { browse, facts, refusal, tell } from './teller.mjs'

const { issuer, clientId, clientSecret, callback, signedOut } = facts

const config = await client.discovery(
  new URL(issuer),
  clientId,
  clientSecret,
  client.ClientSecretBasic(clientSecret),
  { execute: [client.allowInsecureRequests] }, // only for http on your own machine
)
client.enableNonRepudiationChecks(config) // check signatures too, although tokens come from the server directly

const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedNonce = client.randomNonce()
const expectedState = client.randomState()
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: callback,
  scope: 'openid email profile',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  nonce: expectedNonce,
  state: expectedState,
})
const checks = { pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true }

const calledBack = await browse(url)
const mixedUp = new URL(calledBack)
mixedUp.searchParams.set('iss', 'https://other.example.com')
const otherIssuer = await refusal(client.authorizationCodeGrant(config, mixedUp, checks))
const tokens = await client.authorizationCodeGrant(config, calledBack, checks)

const claims = tokens.claims()
const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
await client.tokenRevocation(config, tokens.refresh_token)
const revokedRefresh = await refusal(client.refreshTokenGrant(config, tokens.refresh_token))
const revokedAccess = await refusal(client.fetchUserInfo(config, refreshed.access_token, claims.sub))
const endSession = client.buildEndSessionUrl(config, {
  id_token_hint: tokens.id_token,
  post_logout_redirect_uri: signedOut,
  state: 'bye',
})
const left = await browse(endSession)
const afterSignOut = await browse(`${url}&prompt=none`)
const usedCode = await refusal(client.authorizationCodeGrant(config, calledBack, checks))

tell({
  pkce: config.serverMetadata().supportsPKCE(),
  sentBackWith: [...calledBack.searchParams.keys()].sort(),
  otherIssuer: otherIssuer.code,
  claims: { name: claims['cognito:username'], email: claims.email, nonce: claims.nonce === expectedNonce },
  left: left.href,
  afterSignOut: afterSignOut.searchParams.get('error'),
  usedCode: usedCode.error,
  user: { username: user.username, email: user.email, name: user.name, sub: user.sub === claims.sub },
  type: tokens.token_type,
  lives: tokens.expiresIn() > 3500,
  refreshed: refreshed.access_token !== tokens.access_token && refreshed.claims().sub === claims.sub,
  revokedRefresh: revokedRefresh.error,
  revokedAccess: revokedAccess.cause[0].parameters.error,
})
