// A function for each trigger, as people have them at AWS Lambda: they know nothing of Lido. All forms of handlers.

export const pre_sign_up = (event, context, callback) => {
  if (event.userName === 'mallory') return callback(new Error('Not you'))
  event.response.autoConfirmUser = event.userName === 'bob'
  callback(null, event)
}

export const post_confirmation = async (event) => {
  console.log('confirmed', event.userName)
  return event
}

export const pre_authentication = async (event) => {
  if (event.request.validationData?.kiosk === 'closed') throw new Error('Closed')
  return event
}

export const post_authentication = (event, context, callback) => {
  if (!(context.functionName && context.getRemainingTimeInMillis() > 0)) throw new Error('no context')
  callback(null, event)
}

export const pre_token_generation = async (event) => {
  event.response = {
    claimsAndScopeOverrideDetails: {
      idTokenGeneration: { claimsToAddOrOverride: { source: event.triggerSource } },
      accessTokenGeneration: { scopesToAdd: ['orders/read'] },
    },
  }
  return event
}

export const user_migration = async (event) => {
  const people = { carol: 'Old-Passw0rd' }
  if (people[event.userName] === event.request.password) {
    event.response.userAttributes = { email: 'carol@example.com', email_verified: 'true' }
    event.response.finalUserStatus = 'CONFIRMED'
    event.response.messageAction = 'SUPPRESS'
  }
  return event
}

export const define_auth_challenge = async (event) => {
  const rounds = event.request.session
  const last = rounds.at(-1)
  const decide = (decision) =>
    Object.assign(event.response, { issueTokens: false, failAuthentication: false }, decision)
  if (rounds.length === 1 && last.challengeName === 'SRP_A') decide({ challengeName: 'PASSWORD_VERIFIER' })
  else if (last?.challengeName === 'CUSTOM_CHALLENGE' && last.challengeResult) decide({ issueTokens: true })
  else if (rounds.length > 4) decide({ failAuthentication: true })
  else decide({ challengeName: 'CUSTOM_CHALLENGE' })
  return event
}

export const create_auth_challenge = async (event) => {
  event.response.publicChallengeParameters = { captchaUrl: 'url/123.jpg' }
  event.response.privateChallengeParameters = { answer: '5' }
  event.response.challengeMetadata = 'CAPTCHA_CHALLENGE'
  return event
}

export const verify_auth_challenge_response = async (event) => {
  event.response.answerCorrect = event.request.challengeAnswer === event.request.privateChallengeParameters.answer
  return event
}

export const custom_message = async (event) => {
  if (event.triggerSource === 'CustomMessage_SignUp') {
    event.response.emailSubject = 'Welcome to the service'
    event.response.emailMessage = 'Thank you for signing up. ' + event.request.codeParameter
  }
  return event
}
