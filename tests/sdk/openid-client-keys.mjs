// openid-client: a client that proves itself with a key of its own, and pushes what it asks before the browser goes.
import * as client from 'openid-client'
import { browse, facts, refusal, tell } from './teller.mjs'

const { issuer, clientId, callback, privateKey } = facts

const { kty, crv, kid } = privateKey
const algorithm = kty === 'OKP' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: crv }
const key = await crypto.subtle.importKey('jwk', privateKey, algorithm, false, ['sign'])

const config = await client.discovery(new URL(issuer), clientId, {}, client.PrivateKeyJwt({ key, kid }), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
})

const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState()
const asked = {
  redirect_uri: callback,
  scope: 'openid email',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
}
const unpushed = await browse(client.buildAuthorizationUrl(config, asked))
const url = await client.buildAuthorizationUrlWithPAR(config, asked)
const calledBack = await browse(url)
const checks = { pkceCodeVerifier, expectedState, idTokenExpected: true }
const tokens = await client.authorizationCodeGrant(config, calledBack, checks)
const alive = await client.tokenIntrospection(config, tokens.access_token)
await client.tokenRevocation(config, tokens.refresh_token)
const dead = await client.tokenIntrospection(config, tokens.access_token)

tell({
  asks: [...url.searchParams.keys()].sort(),
  unpushed: unpushed.searchParams.get('error'),
  email: tokens.claims().email,
  alive: [alive.active, alive.username, alive.client_id === clientId],
  dead,
})
