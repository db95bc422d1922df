// amazon-cognito-identity-js on a device: confirmed by the first sign-in, remembered, asked by the next, forgotten.
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js'
import { facts, refusal, tell } from './teller.mjs'

const { endpoint, userPoolId, clientId, username, password } = facts

// What a browser keeps between visits.
const kept = new Map()
const Storage = {
  setItem: (key, value) => kept.set(key, value),
  getItem: (key) => kept.get(key) ?? null,
  removeItem: (key) => kept.delete(key),
  clear: () => kept.clear(),
}
const pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint, Storage })
const visit = () => new CognitoUser({ Username: username, Pool: pool, Storage })

const outcome = (start) => new Promise((onSuccess, onFailure) => start({ onSuccess, onFailure }))
const signIn = (user) =>
  new Promise((keep, onFailure) =>
    user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), {
      onSuccess: (session, mustAsk) => keep({ session, mustAsk }),
      onFailure,
      totpRequired: () => keep({ asked: 'SOFTWARE_TOKEN_MFA' }),
    }),
  )
const deviceOf = (session) => session.getAccessToken().payload.device_key

const first = visit()
const { session, mustAsk } = await signIn(first)
const key = deviceOf(session)
await outcome((callbacks) => first.setDeviceStatusRemembered(callbacks))
const shown = await outcome((callbacks) => first.getDevice(callbacks))
const listed = await outcome((callbacks) => first.listDevices(10, null, callbacks))
const refreshed = await new Promise((keep, refuse) =>
  first.refreshSession(session.getRefreshToken(), (error, value) => (error ? refuse(error) : keep(value))),
)

const second = visit()
const again = await signIn(second)

// The library goes on without a key that an answer with it was refused for.
await outcome((callbacks) => second.forgetSpecificDevice(key, callbacks))
const third = await signIn(visit())
const gone = await refusal(outcome((callbacks) => second.listDevices(10, null, callbacks)))

tell({
  mustAsk,
  shown: shown.Device.DeviceKey === key,
  listed: listed.Devices.map((device) => device.DeviceKey === key),
  refreshed: deviceOf(refreshed) === key,
  remembered: deviceOf(again.session) === key,
  anotherOnceForgotten: deviceOf(third.session) !== key && third.mustAsk,
  sessionsOfTheForgotten: gone.message,
})
