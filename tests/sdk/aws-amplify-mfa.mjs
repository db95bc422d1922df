// AWS Amplify v6 and second factors: an app, SMS and e-mail, each preferred once; the choice; a set-up on the way in.
import { Amplify } from 'aws-amplify'
import {
  confirmSignIn,
  fetchMFAPreference,
  getCurrentUser,
  setUpTOTP,
  signIn,
  signOut,
  updateMFAPreference,
  verifyTOTPSetup,
} from 'aws-amplify/auth'
import { authenticator } from './authenticator.mjs'
import { codeSentTo, facts, refusal, tell } from './teller.mjs'

const { endpoint, userPoolId, clientId, username, password, phone, email, required } = facts

const configure = (userPoolId, clientId) =>
  Amplify.configure({
    Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint } },
  })
const stepOf = ({ nextStep }) => nextStep.signInStep
const steps = []
const begin = async () => {
  await signOut()
  const asked = await signIn({ username, password })
  steps.push(stepOf(asked))
  return asked.nextStep
}
const answer = async (challengeResponse) => {
  const answered = await confirmSignIn({ challengeResponse })
  steps.push(stepOf(answered))
  return answered.nextStep
}

configure(userPoolId, clientId)
await begin()
const setUp = await setUpTOTP()
const code = authenticator(setUp.sharedSecret)
await verifyTOTPSetup({ code: code() })
await updateMFAPreference({ totp: 'PREFERRED' })
const preference = await fetchMFAPreference()

await begin()
const wrong = await refusal(confirmSignIn({ challengeResponse: '12345' }))
await answer(code())
await updateMFAPreference({ totp: 'NOT_PREFERRED', sms: 'PREFERRED' })

const { codeDeliveryDetails: bySms } = await begin()
await answer(await codeSentTo(phone))
await updateMFAPreference({ sms: 'NOT_PREFERRED', email: 'PREFERRED' })

const { codeDeliveryDetails: byEmail } = await begin()
await answer(await codeSentTo(email))
await updateMFAPreference({ email: 'NOT_PREFERRED' })

const { allowedMFATypes: choices } = await begin()
await answer('EMAIL')
await answer(await codeSentTo(email))
const user = await getCurrentUser()
await signOut()

configure(required.userPoolId, required.clientId)
const { totpSetupDetails } = await begin()
await answer(authenticator(totpSetupDetails.sharedSecret)())

tell({
  uri: setUp.getSetupUri('Lido', username).protocol,
  preference,
  wrong: [wrong.name, wrong.message],
  sent: [bySms, byEmail].map(({ deliveryMedium, destination }) => [deliveryMedium, destination]),
  choices: choices.sort(),
  user: user.username,
  steps,
})
