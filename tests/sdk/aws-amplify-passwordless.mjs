// AWS Amplify v6 without a password: signed up, signed in at once, and back by a code, asked for or chosen.
import { Amplify } from 'aws-amplify'
import { autoSignIn, confirmSignIn, confirmSignUp, getCurrentUser, signIn, signOut, signUp } from 'aws-amplify/auth'
import { codeSentTo, facts, refusal, tell } from './teller.mjs'

const { endpoint, userPoolId, clientId, email } = facts
const username = 'alice'

Amplify.configure({
  Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint } },
})

const signedUp = await signUp({
  username,
  options: { userAttributes: { email }, autoSignIn: { authFlowType: 'USER_AUTH' } },
})
const confirmed = await confirmSignUp({ username, confirmationCode: await codeSentTo(email) })
const atOnce = await autoSignIn()
const user = await getCurrentUser()
await signOut()

const options = { authFlowType: 'USER_AUTH' }
const asked = await signIn({ username, options: { ...options, preferredChallenge: 'EMAIL_OTP' } })
const wrong = await refusal(confirmSignIn({ challengeResponse: '1' }))
const byCode = await confirmSignIn({ challengeResponse: await codeSentTo(email) })
await signOut()

const choice = await signIn({ username, options })
const chosen = await confirmSignIn({ challengeResponse: 'EMAIL_OTP' })
const byChoice = await confirmSignIn({ challengeResponse: await codeSentTo(email) })

tell({
  signUpSteps: [signedUp, confirmed].map(({ nextStep }) => nextStep.signUpStep),
  signInSteps: [atOnce, asked, byCode, choice, chosen, byChoice].map(({ nextStep }) => nextStep.signInStep),
  codeWentTo: asked.nextStep.codeDeliveryDetails,
  wrong: [wrong.name, wrong.message],
  offered: choice.nextStep.availableChallenges,
  user: user.username,
})
// Amplify waits three minutes for a sign-up that was confirmed long ago.
process.exit()
