// openid-client: an app that nobody made a client for: it registers itself, and people are asked whether they trust it.
import * as client from 'openid-client'
import { browse, facts, tell } from './teller.mjs'

const { issuer, callback } = facts

const config = await client.dynamicClientRegistration(
  new URL(issuer),
  { client_name: 'Stranger', redirect_uris: [callback], scope: 'openid email' },
  undefined,
  { execute: [client.allowInsecureRequests] }, // only for http on your own machine
)

const pkceCodeVerifier = client.randomPKCECodeVerifier()
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: callback,
  scope: 'openid email',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
})
const tokens = await client.authorizationCodeGrant(config, await browse(url), { pkceCodeVerifier })

tell({ clientId: config.clientMetadata().client_id, audience: tokens.claims().aud, email: tokens.claims().email })
