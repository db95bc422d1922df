// openid-client: a program without a person, which gets a token for an API of the pool (client credentials).
import * as client from 'openid-client'
import { facts, refusal, tell } from './teller.mjs'

const { issuer, clientId, clientSecret } = facts

const insecure = { execute: [client.allowInsecureRequests] } // only for http on your own machine
const config = await client.discovery(new URL(issuer), clientId, clientSecret, undefined, insecure)

const tokens = await client.clientCredentialsGrant(config, { scope: 'https://api.example.com/read' })
const all = await client.clientCredentialsGrant(config)
const unknown = await refusal(client.clientCredentialsGrant(config, { scope: 'https://api.example.com/none' }))

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
tell({
  members: Object.keys(tokens).sort(),
  scope: claims(tokens.access_token).scope,
  all: claims(all.access_token).scope,
  subject: claims(tokens.access_token).sub,
  unknown: unknown.error,
})
