// amazon-cognito-identity-js and second factors: an app set up by its user, SMS, a choice, and a set-up on the way in.
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js'
import { authenticator } from './authenticator.mjs'
import { codeSentTo, facts, refusal, tell } from './teller.mjs'

const { endpoint, userPoolId, clientId, username, password, phone, required } = facts

const userOf = (pool, Username) => new CognitoUser({ Username, Pool: new CognitoUserPool({ ...pool, endpoint }) })
const visit = () => userOf({ UserPoolId: userPoolId, ClientId: clientId }, username)

// Whichever callback comes first, by its name.
const outcome = (start) =>
  new Promise((keep, onFailure) => {
    const named = (name) => (value, parameters) => keep({ [name]: value ?? true, parameters })
    start({
      onSuccess: named('done'),
      onFailure,
      mfaRequired: named('sms'),
      totpRequired: named('totp'),
      selectMFAType: named('choice'),
      mfaSetup: named('setup'),
      associateSecretCode: named('secret'),
    })
  })
const signIn = (user) =>
  outcome((callbacks) =>
    user.authenticateUser(new AuthenticationDetails({ Username: user.getUsername(), Password: password }), callbacks),
  )
const answer = (user, code, type) => outcome((callbacks) => user.sendMFACode(code, callbacks, type))
const prefer = (user, sms, totp) =>
  new Promise((keep, refuse) =>
    user.setUserMfaPreference(sms, totp, (error, value) => (error ? refuse(error) : keep(value))),
  )
const setUp = async (user) => {
  const { secret } = await outcome((callbacks) => user.associateSoftwareToken(callbacks))
  const code = authenticator(secret)
  const { done } = await outcome((callbacks) => user.verifySoftwareToken(code(), 'phone', callbacks))
  return { code, done }
}
const nameIn = ({ done }) => done.isValid() && done.getAccessToken().payload.username
const [on, preferred] = [{ Enabled: true }, { Enabled: true, PreferredMfa: true }]

const first = visit()
await signIn(first)
const { code, done: verified } = await setUp(first)
await prefer(first, null, preferred)

const second = visit()
const { totp } = await signIn(second)
const wrong = await refusal(answer(second, '12345', 'SOFTWARE_TOKEN_MFA'))
const byApp = await answer(second, code(), 'SOFTWARE_TOKEN_MFA')
await prefer(second, preferred, on)

// By password from here on: the library's SRP is slow, and shown above.
const third = visit()
third.setAuthenticationFlowType('USER_PASSWORD_AUTH')
const { sms, parameters } = await signIn(third)
const bySms = await answer(third, await codeSentTo(phone))
await prefer(third, { Enabled: true, PreferredMfa: false }, { Enabled: true, PreferredMfa: false })

const fourth = visit()
fourth.setAuthenticationFlowType('USER_PASSWORD_AUTH')
const choice = await signIn(fourth)
const chosen = await outcome((callbacks) => fourth.sendMFASelectionAnswer('SMS_MFA', callbacks))
const byChoice = await answer(fourth, await codeSentTo(phone))

const newcomer = userOf({ UserPoolId: required.userPoolId, ClientId: required.clientId }, username)
const onTheWay = await signIn(newcomer)
const entered = await setUp(newcomer)

tell({
  verified: verified.Status,
  asked: [totp, sms, choice.choice, chosen.sms, onTheWay.setup],
  wrong: [wrong.code, wrong.message],
  smsWentTo: parameters.CODE_DELIVERY_DESTINATION,
  choices: JSON.parse(choice.parameters.MFAS_CAN_CHOOSE).sort(),
  setups: JSON.parse(onTheWay.parameters.MFAS_CAN_SETUP),
  signedIn: [byApp, bySms, byChoice, entered].map(nameIn),
})
