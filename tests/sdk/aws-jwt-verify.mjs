// aws-jwt-verify: an API that checks Lido's tokens, with the keys that Lido publishes over https.
import { JwtVerifier } from 'aws-jwt-verify'
import { validateCognitoJwtFields } from 'aws-jwt-verify/cognito-verifier'
import { facts, refusal, tell } from './teller.mjs'

const { issuer, clientId, idToken, accessToken } = facts

const verifier = (tokenUse) =>
  JwtVerifier.create({
    issuer,
    audience: null, // checked below, since access tokens carry client_id instead
    customJwtCheck: ({ payload }) => validateCognitoJwtFields(payload, { tokenUse, clientId }),
  })

const [header, payload, signature] = accessToken.split('.')
const otherPayload = Buffer.from(payload, 'base64url').toString().replace('"alice"', '"mallory"')
const forged = [header, Buffer.from(otherPayload).toString('base64url'), signature].join('.')

tell({
  id: await verifier('id').verify(idToken),
  access: await verifier('access').verify(accessToken),
  wrongUse: (await refusal(verifier('id').verify(accessToken))).constructor.name,
  forged: (await refusal(verifier('access').verify(forged))).constructor.name,
})
