// openid-client: a device without a browser, which somebody lets in with a browser elsewhere.
import * as client from 'openid-client'
import { browse, facts, tell } from './teller.mjs'

const { issuer, clientId } = facts

const config = await client.discovery(new URL(issuer), clientId, {}, client.None(), {
  execute: [client.allowInsecureRequests], // only for http on your own machine
})
const shown = await client.initiateDeviceAuthorization(config, { scope: 'openid email' })
await browse(shown.verification_uri_complete)
const tokens = await client.pollDeviceAuthorizationGrant(config, { ...shown, interval: 0 })
const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)

tell({ code: shown.user_code, page: shown.verification_uri, interval: shown.interval, email: user.email })
