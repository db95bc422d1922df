// aws-cdk-lib: every Cognito construct, of both levels, synthesised without a network: one template for each stack,
// and the names of all constructs of the first level.
import * as cdk from 'aws-cdk-lib'
import * as acm from 'aws-cdk-lib/aws-certificatemanager'
import * as cognito from 'aws-cdk-lib/aws-cognito'
import * as identitypool from 'aws-cdk-lib/aws-cognito-identitypool'
import * as iam from 'aws-cdk-lib/aws-iam'
import * as kms from 'aws-cdk-lib/aws-kms'
import * as lambda from 'aws-cdk-lib/aws-lambda'
import * as logs from 'aws-cdk-lib/aws-logs'
import { facts, tell } from './teller.mjs'

const app = new cdk.App({ analyticsReporting: false, outdir: facts.folder })
const env = { account: '000000000000', region: 'us-east-1' }
const stacks = {}

function stack(name, build, properties = {}) {
  stacks[name] = new cdk.Stack(app, name, { env, ...properties })
  build(stacks[name])
}

const handler = (scope, name) =>
  new lambda.Function(scope, name, {
    runtime: lambda.Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async (event) => event'),
  })

// The second level.

stack('PlainPool', (scope) => {
  const pool = new cognito.UserPool(scope, 'Pool')
  pool.addClient('App')
})

stack('FullPool', (scope) => {
  const pool = new cognito.UserPool(scope, 'Pool', {
    userPoolName: 'people',
    selfSignUpEnabled: true,
    signInAliases: { username: true, email: true, preferredUsername: true },
    autoVerify: { email: true },
    keepOriginal: { email: true },
    signInCaseSensitive: false,
    standardAttributes: { fullname: { required: true, mutable: false }, address: { required: false, mutable: true } },
    customAttributes: {
      tier: new cognito.StringAttribute({ minLen: 1, maxLen: 15, mutable: true }),
      score: new cognito.NumberAttribute({ min: 1, max: 9 }),
      vip: new cognito.BooleanAttribute(),
      since: new cognito.DateTimeAttribute({ mutable: true }),
    },
    userVerification: {
      emailSubject: 'Verify', emailBody: 'Your code is {####}', emailStyle: cognito.VerificationEmailStyle.CODE,
      smsMessage: 'Your code is {####}',
    },
    userInvitation: {
      emailSubject: 'Welcome', emailBody: '{username}: {####}', smsMessage: '{username}: {####}',
    },
    mfa: cognito.Mfa.OPTIONAL,
    mfaSecondFactor: { sms: true, otp: true },
    mfaMessage: 'Code: {####}',
    enableSmsRole: true,
    passwordPolicy: {
      minLength: 12, requireLowercase: true, requireUppercase: true, requireDigits: true, requireSymbols: false,
      tempPasswordValidity: cdk.Duration.days(3), passwordHistorySize: 4,
    },
    accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
    email: cognito.UserPoolEmail.withCognito('help@example.com'),
    deviceTracking: { challengeRequiredOnNewDevice: true, deviceOnlyRememberedOnUserPrompt: true },
    featurePlan: cognito.FeaturePlan.PLUS,
    standardThreatProtectionMode: cognito.StandardThreatProtectionMode.FULL_FUNCTION,
    customThreatProtectionMode: cognito.CustomThreatProtectionMode.AUDIT_ONLY,
    deletionProtection: false,
    removalPolicy: cdk.RemovalPolicy.DESTROY,
    lambdaTriggers: {
      preSignUp: handler(scope, 'PreSignUp'), postConfirmation: handler(scope, 'PostConfirmation'),
      userMigration: handler(scope, 'UserMigration'), customMessage: handler(scope, 'CustomMessage'),
    },
  })
  pool.addTrigger(
    cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, handler(scope, 'PreToken'), cognito.LambdaVersion.V2_0)
  const read = new cognito.ResourceServerScope({ scopeName: 'read', scopeDescription: 'Read' })
  const server = pool.addResourceServer('Api', {
    userPoolResourceServerName: 'api', identifier: 'https://api.example.com', scopes: [read],
  })
  const client = pool.addClient('Web', {
    userPoolClientName: 'web',
    generateSecret: true,
    authFlows: { userPassword: true, userSrp: true, custom: true, adminUserPassword: true, user: true },
    authSessionValidity: cdk.Duration.minutes(10),
    oAuth: {
      flows: { authorizationCodeGrant: true, implicitCodeGrant: true },
      scopes: [cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL, cognito.OAuthScope.resourceServer(server, read)],
      callbackUrls: ['https://app.example.com/back'], logoutUrls: ['https://app.example.com/bye'],
      defaultRedirectUri: 'https://app.example.com/back',
    },
    preventUserExistenceErrors: true,
    supportedIdentityProviders: [cognito.UserPoolClientIdentityProvider.COGNITO],
    accessTokenValidity: cdk.Duration.minutes(30), idTokenValidity: cdk.Duration.minutes(30),
    refreshTokenValidity: cdk.Duration.days(10), enableTokenRevocation: true,
    enablePropagateAdditionalUserContextData: true,
    refreshTokenRotationGracePeriod: cdk.Duration.seconds(20),
    readAttributes: new cognito.ClientAttributes().withStandardAttributes({ email: true }).withCustomAttributes('tier'),
    writeAttributes: new cognito.ClientAttributes().withStandardAttributes({ email: true }),
  })
  pool.addClient('Machine', {
    generateSecret: true,
    oAuth: { flows: { clientCredentials: true }, scopes: [cognito.OAuthScope.resourceServer(server, read)] },
  })
  const domain = pool.addDomain('Domain', {
    cognitoDomain: { domainPrefix: 'people' }, managedLoginVersion: cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
  })
  const admins = pool.addGroup('Admins', {
    groupName: 'admins', description: 'All', precedence: 1,
    role: new iam.Role(scope, 'AdminRole', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }),
  })
  new cdk.CfnOutput(scope, 'Address', { value: domain.baseUrl() })
  new cdk.CfnOutput(scope, 'SignIn', { value: domain.signInUrl(client, { redirectUri: 'https://app.example.com/back' }) })
  new cdk.CfnOutput(scope, 'Issuer', { value: pool.userPoolProviderUrl })
  new cdk.CfnOutput(scope, 'PoolArn', { value: pool.userPoolArn })
  new cdk.CfnOutput(scope, 'Group', { value: admins.groupName })
})

stack('PasswordlessPool', (scope) => {
  new cognito.UserPool(scope, 'Pool', {
    signInAliases: { email: true },
    signInPolicy: { allowedFirstAuthFactors: { password: true, emailOtp: true, passkey: true } },
    passkeyRelyingPartyId: 'login.example.com',
    passkeyUserVerification: cognito.PasskeyUserVerification.REQUIRED,
    email: cognito.UserPoolEmail.withSES({ fromEmail: 'no-reply@example.com', fromName: 'Us', sesRegion: 'us-east-1' }),
    featurePlan: cognito.FeaturePlan.ESSENTIALS,
    removalPolicy: cdk.RemovalPolicy.DESTROY,
  })
})

stack('SecondFactorByMail', (scope) => {
  new cognito.UserPool(scope, 'Pool', {
    mfa: cognito.Mfa.REQUIRED,
    mfaSecondFactor: { sms: false, otp: true, email: true },
    email: cognito.UserPoolEmail.withSES({ fromEmail: 'no-reply@example.com', sesRegion: 'us-east-1' }),
    accountRecovery: cognito.AccountRecovery.PHONE_WITHOUT_MFA_AND_EMAIL,
  })
})

stack('OwnSenders', (scope) => {
  new cognito.UserPool(scope, 'Pool', {
    customSenderKmsKey: new kms.Key(scope, 'Key'),
    lambdaTriggers: { customEmailSender: handler(scope, 'Mail'), customSmsSender: handler(scope, 'Sms') },
  })
})

stack('CustomDomain', (scope) => {
  const pool = new cognito.UserPool(scope, 'Pool', { removalPolicy: cdk.RemovalPolicy.DESTROY })
  const certificate = new acm.Certificate(scope, 'Certificate', { domainName: 'login.example.com' })
  const domain = pool.addDomain('Domain', { customDomain: { domainName: 'login.example.com', certificate } })
  new cdk.CfnOutput(scope, 'Front', { value: domain.cloudFrontEndpoint })
})

stack('Providers', (scope) => {
  const pool = new cognito.UserPool(scope, 'Pool', { removalPolicy: cdk.RemovalPolicy.DESTROY })
  const userPool = pool
  const secret = cdk.SecretValue.unsafePlainText('hush')
  const attributeMapping = { email: cognito.ProviderAttribute.other('email'), custom: {} }
  const all = [
    new cognito.UserPoolIdentityProviderAmazon(scope, 'Amazon', {
      userPool, clientId: '1', clientSecret: 'hush', attributeMapping: { email: cognito.ProviderAttribute.AMAZON_EMAIL },
    }),
    new cognito.UserPoolIdentityProviderApple(scope, 'Apple', {
      userPool, clientId: '1', teamId: 'T', keyId: 'K', privateKeyValue: cdk.SecretValue.unsafePlainText('MIGT'),
      attributeMapping: { email: cognito.ProviderAttribute.APPLE_EMAIL },
    }),
    new cognito.UserPoolIdentityProviderFacebook(scope, 'Facebook', { userPool, clientId: '1', clientSecret: 'hush' }),
    new cognito.UserPoolIdentityProviderGoogle(scope, 'Google', {
      userPool, clientId: '1', clientSecretValue: secret, scopes: ['openid', 'email'], attributeMapping,
    }),
    new cognito.UserPoolIdentityProviderOidc(scope, 'Oidc', {
      userPool, name: 'Staff', clientId: '1', clientSecret: 'hush', issuerUrl: 'https://op.example.com',
      identifiers: ['staff.example.com'], attributeRequestMethod: cognito.OidcAttributeRequestMethod.GET,
      endpoints: {
        authorization: 'https://op.example.com/authorize', token: 'https://op.example.com/token',
        userInfo: 'https://op.example.com/userinfo', jwksUri: 'https://op.example.com/jwks',
      },
    }),
    new cognito.UserPoolIdentityProviderSaml(scope, 'Saml', {
      userPool, name: 'Office', metadata: cognito.UserPoolIdentityProviderSamlMetadata.file(facts.metadata),
      idpSignout: true, idpInitiated: false,
    }),
  ]
  all.forEach((provider) => pool.registerIdentityProvider(provider))
  pool.addClient('App')
})

// The first level: every property of each.

stack('Documents', (scope) => {
  const pool = new cognito.CfnUserPool(scope, 'Pool', {
    userPoolName: 'documents', userPoolTier: 'PLUS', userPoolAddOns: { advancedSecurityMode: 'ENFORCED' },
    userPoolTags: { stage: 'test' }, mfaConfiguration: 'OFF',
  })
  const userPoolId = pool.ref
  const domain = new cognito.CfnUserPoolDomain(scope, 'Domain', { userPoolId, domain: 'documents', managedLoginVersion: 2 })
  const client = new cognito.CfnUserPoolClient(scope, 'App', { userPoolId, clientName: 'app' })
  const group = new cognito.CfnUserPoolGroup(scope, 'Group', { userPoolId, groupName: 'staff', precedence: 0 })
  new cognito.CfnUserPoolResourceServer(scope, 'Api', {
    userPoolId, identifier: 'api', name: 'api', scopes: [{ scopeName: 'a', scopeDescription: 'A' }],
  })
  new cognito.CfnUserPoolIdentityProvider(scope, 'Google', {
    userPoolId, providerName: 'Google', providerType: 'Google', idpIdentifiers: ['example.com'],
    providerDetails: { client_id: '1', client_secret: 'hush', authorize_scopes: 'openid' },
    attributeMapping: { email: 'email' },
  })
  const user = new cognito.CfnUserPoolUser(scope, 'Ann', {
    userPoolId, username: 'ann', messageAction: 'SUPPRESS', forceAliasCreation: false, desiredDeliveryMediums: ['EMAIL'],
    clientMetadata: { from: 'cdk' }, validationData: [{ name: 'a', value: 'b' }],
    userAttributes: [{ name: 'email', value: 'ann@example.com' }, { name: 'email_verified', value: 'true' }],
  })
  const member = new cognito.CfnUserPoolUserToGroupAttachment(scope, 'AnnIsStaff', {
    userPoolId, groupName: group.ref, username: user.ref,
  })
  member.addDependency(group)
  new cognito.CfnUserPoolUICustomizationAttachment(scope, 'Look', {
    userPoolId, clientId: 'ALL', css: '.banner-customizable { background-color: #fff; }',
  }).addDependency(domain)
  const notify = { blockEmail: { subject: 'Blocked', textBody: 'Blocked', htmlBody: 'Blocked' } }
  const action = { eventAction: 'BLOCK', notify: true }
  new cognito.CfnUserPoolRiskConfigurationAttachment(scope, 'Risk', {
    userPoolId, clientId: client.ref,
    accountTakeoverRiskConfiguration: {
      actions: { highAction: action, mediumAction: action, lowAction: { eventAction: 'NO_ACTION', notify: false } },
      notifyConfiguration: { sourceArn: 'arn:aws:ses:us-east-1:000000000000:identity/example.com', ...notify },
    },
    compromisedCredentialsRiskConfiguration: { actions: { eventAction: 'BLOCK' }, eventFilter: ['SIGN_IN', 'SIGN_UP'] },
    riskExceptionConfiguration: { blockedIpRangeList: ['192.0.2.0/24'], skippedIpRangeList: ['198.51.100.0/24'] },
  })
  new cognito.CfnLogDeliveryConfiguration(scope, 'Logs', {
    userPoolId,
    logConfigurations: [
      {
        eventSource: 'userNotification', logLevel: 'ERROR',
        cloudWatchLogsConfiguration: { logGroupArn: new logs.LogGroup(scope, 'Group1').logGroupArn },
      },
      {
        eventSource: 'userAuthEvents', logLevel: 'INFO',
        s3Configuration: { bucketArn: 'arn:aws:s3:::people-events' },
      },
    ],
  })
  new cognito.CfnManagedLoginBranding(scope, 'Branding', {
    userPoolId, clientId: client.ref, returnMergedResources: false,
    settings: { categories: { global: { colorSchemeMode: 'LIGHT' } } },
    assets: [{ category: 'PAGE_BACKGROUND', colorMode: 'LIGHT', extension: 'SVG', bytes: facts.picture }],
  })
  new cognito.CfnTerms(scope, 'Terms', {
    userPoolId, clientId: client.ref, termsName: 'terms-of-use', termsSource: 'LINK', enforcement: 'NONE',
    links: { 'cognito:default': 'https://example.com/terms', 'cognito:german': 'https://example.com/de/terms' },
  })
})

stack('IdentityPools', (scope) => {
  const pool = new identitypool.IdentityPool(scope, 'People', { allowUnauthenticatedIdentities: true })
  new cognito.CfnIdentityPoolPrincipalTag(scope, 'Tags', {
    identityPoolId: pool.identityPoolId, identityProviderName: 'example.com', useDefaults: true,
  })
})

stack('Regions', (scope) => {
  const userPoolId = new cognito.CfnUserPool(scope, 'Pool', { userPoolName: 'regions' }).ref
  new cognito.CfnUserPoolReplica(scope, 'Replica', { userPoolId, regionName: 'eu-west-1' })
  new cognito.CfnUserPoolRegionalConfigurationAttachment(scope, 'There', { userPoolId })
})

const assembly = app.synth()
tell({
  templates: Object.fromEntries(Object.keys(stacks).map((name) => [name, assembly.getStackByName(name).template])),
  types: Object.values(cognito).map((each) => each.CFN_RESOURCE_TYPE_NAME).filter(Boolean).sort(),
})
