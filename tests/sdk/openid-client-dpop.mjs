// openid-client: an app without a secret, whose tokens are worth nothing without a key that only it has (DPoP).
import * as client from 'openid-client'
import { browse, facts, refusal, tell } from './teller.mjs'

const { issuer, clientId, callback, algorithm } = facts

const config = await client.discovery(new URL(issuer), clientId, {}, client.None(), {
  execute: [client.allowInsecureRequests], // only for http on your own machine
})
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair(algorithm))

const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState()
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: callback,
  scope: 'openid email',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
  dpop_jkt: await DPoP.calculateThumbprint(),
})
const checks = { pkceCodeVerifier, expectedState, idTokenExpected: true }
const tokens = await client.authorizationCodeGrant(config, await browse(url), checks, undefined, { DPoP })
const { sub } = tokens.claims()

const user = await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })
const stolen = await refusal(client.fetchUserInfo(config, tokens.access_token, sub))
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
const otherKey = client.getDPoPHandle(config, await client.randomDPoPKeyPair(algorithm))
const stolenRefresh = await refusal(
  client.refreshTokenGrant(config, refreshed.refresh_token ?? tokens.refresh_token, undefined, { DPoP: otherKey }),
)

tell({
  type: tokens.token_type,
  email: user.email,
  stolen: stolen.status,
  refreshed: [refreshed.token_type, refreshed.claims().sub === sub],
  stolenRefresh: stolenRefresh.error,
})
