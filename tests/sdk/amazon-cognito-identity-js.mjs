// amazon-cognito-identity-js: SRP sign-in and everything that its users do about their own account.
import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
} from 'amazon-cognito-identity-js'
import { codeSentTo, facts, refusal, tell } from './teller.mjs'

const { endpoint, userPoolId, clientId, email, invited } = facts
const password = 'Passw0rd!'

const pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint })
const userNamed = (name) => new CognitoUser({ Username: name, Pool: pool })

// The library's two kinds of callbacks, as promises.
const done = (start) => new Promise((keep, refuse) => start((error, value) => (error ? refuse(error) : keep(value))))
const outcome = (start, more = {}) =>
  new Promise((onSuccess, onFailure) => start({ onSuccess, onFailure, ...more(onSuccess) }))
const nothingMore = () => ({})

const signIn = (user, Password) =>
  outcome(
    (callbacks) =>
      user.authenticateUser(new AuthenticationDetails({ Username: user.getUsername(), Password }), callbacks),
    (answered) => ({ newPasswordRequired: (attributes) => answered({ newPasswordRequired: attributes }) }),
  )

const alice = userNamed('alice')
const emailAttribute = new CognitoUserAttribute({ Name: 'email', Value: email })
const signedUp = await done((callback) => pool.signUp('alice', password, [emailAttribute], null, callback))
const early = await refusal(signIn(alice, password))
const confirmed = await codeSentTo(email).then((code) =>
  done((callback) => alice.confirmRegistration(code, true, callback)),
)

const wrong = await refusal(signIn(alice, 'Wr0ng-pass!'))
const session = await signIn(alice, password)
const kept = await done((callback) => pool.getCurrentUser().getSession(callback))
const refreshed = await done((callback) => alice.refreshSession(session.getRefreshToken(), callback))

const nickname = new CognitoUserAttribute({ Name: 'nickname', Value: 'Al' })
await done((callback) => alice.updateAttributes([nickname], callback))
const attributes = await done((callback) => alice.getUserAttributes(callback))

await done((callback) => alice.changePassword(password, 'Chang3d-pass!', callback))
const oldPassword = await refusal(signIn(userNamed('alice'), password))
await outcome((callbacks) => alice.forgotPassword(callbacks), (asked) => ({ inputVerificationCode: asked }))
await codeSentTo(email).then((code) =>
  outcome((callbacks) => alice.confirmPassword(code, 'Rec0vered-pass!', callbacks), nothingMore),
)

const back = await signIn(alice, 'Rec0vered-pass!')
await outcome((callbacks) => alice.globalSignOut(callbacks), nothingMore)
const ended = await refusal(done((callback) => userNamed('alice').refreshSession(back.getRefreshToken(), callback)))

const guest = userNamed(invited.username)
const { newPasswordRequired } = await signIn(guest, invited.password)
const guestSession = await outcome(
  (callbacks) => guest.completeNewPasswordChallenge('Guest-pass-1!', {}, callbacks),
  nothingMore,
)

tell({
  confirmedAtOnce: signedUp.userConfirmed,
  signInBeforeConfirming: early.code,
  confirmed,
  wrongPassword: [wrong.code, wrong.message],
  session: session.isValid() && kept.getAccessToken().getJwtToken() === session.getAccessToken().getJwtToken(),
  refreshed: refreshed.isValid() && refreshed.getIdToken().payload['cognito:username'],
  attributes: Object.fromEntries(attributes.map((attribute) => [attribute.getName(), attribute.getValue()])),
  oldPassword: oldPassword.message,
  afterGlobalSignOut: [ended.code, ended.message],
  newPasswordRequired,
  guest: guestSession.getIdToken().payload['cognito:username'],
})
