// AWS Amplify v6 on a device: confirmed by the first sign-in, remembered, asked by the next, forgotten.
import { Amplify } from 'aws-amplify'
import { fetchAuthSession, fetchDevices, forgetDevice, rememberDevice, signIn, signOut } from 'aws-amplify/auth'
import { facts, tell } from './teller.mjs'

const { endpoint, userPoolId, clientId, username, password } = facts
// Amplify names the device by its browser, and confirms none where there is none.
globalThis.navigator ??= { userAgent: 'a browser' }
Amplify.configure({
  Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint } },
})

const deviceNow = async (options) => (await fetchAuthSession(options)).tokens.accessToken.payload.device_key
const visit = async (authFlowType) => {
  await signIn({ username, password, options: { authFlowType } })
  return deviceNow()
}

const first = await visit('USER_SRP_AUTH')
await rememberDevice()
const listed = await fetchDevices()
const refreshed = await deviceNow({ forceRefresh: true })
await signOut()

const bySrp = await visit('USER_SRP_AUTH')
await signOut()
const byPassword = await visit('USER_PASSWORD_AUTH')
await forgetDevice()
await signOut()
const afterwards = await visit('USER_SRP_AUTH')

tell({
  listed: listed.map((device) => device.id === first),
  refreshed: refreshed === first,
  remembered: [bySrp === first, byPassword === first],
  anotherOnceForgotten: afterwards !== first,
})
