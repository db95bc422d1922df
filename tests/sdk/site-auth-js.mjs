// Auth.js with its Cognito provider, on a plain HTTP server of Node.
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { Auth } from '@auth/core'
import Cognito from '@auth/core/providers/cognito'
import { facts, tell } from './teller.mjs'

const { issuer, clientId, clientSecret, site } = facts

const config = {
  providers: [Cognito({ clientId, clientSecret, issuer, checks: ['pkce', 'state', 'nonce'] })],
  secret: process.env.AUTH_SECRET,
  trustHost: true,
  basePath: '/auth',
}
// Where Auth.js's own sign-out leads, so that Lido's session ends too.
const signOut = `${issuer}/logout?${new URLSearchParams({ client_id: clientId, logout_uri: `${site}/` })}`

async function answer(request) {
  const { pathname } = new URL(request.url)
  if (pathname.startsWith('/auth/')) return Auth(request, config)
  if (pathname === '/leave') return Response.redirect(signOut)
  return Auth(new Request(`${site}/auth/session`, { headers: request.headers }), config)
}

const server = createServer(async (incoming, outgoing) => {
  const hasBody = !['GET', 'HEAD'].includes(incoming.method)
  const request = new Request(new URL(incoming.url, site), {
    method: incoming.method,
    headers: incoming.headers,
    ...(hasBody && { body: Readable.toWeb(incoming), duplex: 'half' }),
  })
  const response = await answer(request)
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'set-cookie': response.headers.getSetCookie(),
  })
  outgoing.end(await response.text())
})
server.listen(new URL(site).port, '127.0.0.1', () => tell('listening'))
