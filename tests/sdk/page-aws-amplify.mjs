// AWS Amplify v6 in a page: signInWithRedirect, the session it leaves, a forced refresh, signOut.
import { Amplify } from 'aws-amplify'
import { fetchAuthSession, fetchUserAttributes, getCurrentUser, signInWithRedirect, signOut } from 'aws-amplify/auth'
import 'aws-amplify/auth/enable-oauth-listener'
import { Hub } from 'aws-amplify/utils'

const { endpoint, domain, userPoolId, clientId } = await (await fetch('/facts.json')).json()
const home = `${location.origin}/`
const heard = []
Hub.listen('auth', ({ payload }) => heard.push(payload.event))

Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId,
      userPoolClientId: clientId,
      userPoolEndpoint: endpoint,
      loginWith: {
        oauth: {
          domain,
          scopes: ['openid', 'email', 'profile', 'aws.cognito.signin.user.admin'],
          redirectSignIn: [home],
          redirectSignOut: [home],
          responseType: 'code',
        },
      },
    },
  },
})

window.app = {
  heard: () => heard,
  signIn: () => signInWithRedirect({ customState: 'from the cart' }),
  signOut: () => signOut(),
  user: async () => (await getCurrentUser().catch(() => null))?.username ?? null,
  attributes: () => fetchUserAttributes(),
  session: async (options) => {
    const { tokens } = await fetchAuthSession(options)
    return { access: tokens.accessToken.toString(), claims: tokens.idToken.payload }
  },
}
