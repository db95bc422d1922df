// AWS Amplify v6 and a pool that decides the sign-in itself: a password first or not, then a question of its own.
import { Amplify } from 'aws-amplify'
import { confirmSignIn, fetchAuthSession, getCurrentUser, signIn, signOut } from 'aws-amplify/auth'
import { facts, refusal, tell } from './teller.mjs'

const { endpoint, userPoolId, clientId, username, password } = facts

Amplify.configure({
  Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint } },
})

const stepOf = ({ nextStep }) => nextStep.signInStep
const custom = { authFlowType: 'CUSTOM_WITHOUT_SRP' }
const question = await signIn({ username, options: custom })
const again = await confirmSignIn({ challengeResponse: '4' })
const done = await confirmSignIn({ challengeResponse: '5' })
const user = await getCurrentUser()
await signOut()

const withPassword = { authFlowType: 'CUSTOM_WITH_SRP' }
const wrong = await refusal(signIn({ username, password: 'Wr0ng!pass', options: withPassword }))
const afterPassword = await signIn({ username, password, options: withPassword })
const both = await confirmSignIn({ challengeResponse: '5' })
const session = await fetchAuthSession()

tell({
  asked: question.nextStep.additionalInfo,
  steps: [question, again, done, afterPassword, both].map(stepOf),
  wrong: [wrong.name, wrong.message],
  user: user.username,
  username: session.tokens.accessToken.payload.username,
})
