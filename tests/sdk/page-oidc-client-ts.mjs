// oidc-client-ts in a page: sign in by redirect, renew by refresh token and by a hidden frame, sign out.
import { UserManager } from 'oidc-client-ts'

const { issuer, clientId } = await (await fetch('/facts.json')).json()

const manager = new UserManager({
  authority: issuer,
  client_id: clientId,
  redirect_uri: `${location.origin}/`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid email profile',
  loadUserInfo: true,
})

const answer = new URLSearchParams(location.search)
if (answer.has('code') || answer.has('error')) {
  await manager.signinCallback()
} else if (answer.has('state')) {
  await manager.signoutCallback()
}

const told = (user) => user && { ...user.profile, refreshToken: Boolean(user.refresh_token), token: user.access_token }

window.app = {
  signIn: () => manager.signinRedirect(),
  signOut: () => manager.signoutRedirect({ state: 'left' }),
  user: async () => told(await manager.getUser()),
  renew: async () => told(await manager.signinSilent()),
  renewInAFrame: async () => {
    await manager.removeUser()
    return told(await manager.signinSilent())
  },
  revoke: () => manager.revokeTokens(['refresh_token']),
  failsToRenew: () => manager.signinSilent().catch((error) => error.error),
}
