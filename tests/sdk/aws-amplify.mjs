// AWS Amplify v6, as an application configures it: sign up, sign in by SRP and by password, refresh, reset, sign out.
import { Amplify } from 'aws-amplify'
import {
  confirmResetPassword,
  confirmSignIn,
  confirmSignUp,
  fetchAuthSession,
  fetchUserAttributes,
  getCurrentUser,
  resetPassword,
  signIn,
  signOut,
  signUp,
  updatePassword,
  updateUserAttributes,
} from 'aws-amplify/auth'
import { codeSentTo, facts, refusal, tell } from './teller.mjs'

const { endpoint, userPoolId, clientId, email, invited } = facts
const [username, password] = ['alice', 'Passw0rd!']

Amplify.configure({
  Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint } },
})

const signedUp = await signUp({ username, password, options: { userAttributes: { email } } })
const confirmed = await confirmSignUp({ username, confirmationCode: await codeSentTo(email) })
const wrong = await refusal(signIn({ username, password: 'Wr0ng-pass!' }))

const signedIn = await signIn({ username, password })
const user = await getCurrentUser()
const { tokens } = await fetchAuthSession()
const { tokens: refreshed } = await fetchAuthSession({ forceRefresh: true })
const updated = await updateUserAttributes({ userAttributes: { nickname: 'Al' } })
const attributes = await fetchUserAttributes()
await updatePassword({ oldPassword: password, newPassword: 'Chang3d-pass!' })
await signOut({ global: true })
const afterSignOut = await refusal(getCurrentUser())

const reset = await resetPassword({ username })
await confirmResetPassword({ username, confirmationCode: await codeSentTo(email), newPassword: 'Rec0vered-pass!' })
const byPassword = await signIn({
  username,
  password: 'Rec0vered-pass!',
  options: { authFlowType: 'USER_PASSWORD_AUTH' },
})
const { tokens: last } = await fetchAuthSession()
await signOut()

const asked = await signIn(invited)
const answered = await confirmSignIn({ challengeResponse: 'Guest-pass-1!' })
const guest = await getCurrentUser()
await signOut()

tell({
  signUpStep: signedUp.nextStep.signUpStep,
  codeWentTo: signedUp.nextStep.codeDeliveryDetails,
  confirmed: confirmed.isSignUpComplete,
  wrongPassword: [wrong.name, wrong.message],
  signedIn: signedIn.isSignedIn && signedIn.nextStep.signInStep,
  user: [user.username, user.userId === tokens.idToken.payload.sub, user.signInDetails.authFlowType],
  refreshed: refreshed.accessToken.toString() !== tokens.accessToken.toString(),
  sameSignIn: refreshed.accessToken.payload.origin_jti === tokens.accessToken.payload.origin_jti,
  updated: updated.nickname.isUpdated,
  attributes,
  afterSignOut: afterSignOut.name,
  resetStep: reset.nextStep.resetPasswordStep,
  byPassword: byPassword.isSignedIn,
  invitedStep: asked.nextStep.signInStep,
  guest: answered.isSignedIn && guest.username,
  endedAccessTokens: [refreshed.accessToken.toString(), last.accessToken.toString()],
})
