"""A function for each trigger, as people have them at AWS Lambda: they know nothing of Lido."""


def pre_sign_up(event, context):
    if event["userName"] == "mallory":
        raise ValueError("Not you")
    event["response"]["autoConfirmUser"] = event["userName"] == "bob"
    return event


def post_confirmation(event, context):
    print("confirmed", event["userName"])
    return event


def pre_authentication(event, context):
    if event["request"].get("validationData", {}).get("kiosk") == "closed":
        raise ValueError("Closed")
    return event


def post_authentication(event, context):
    assert context.function_name
    assert context.get_remaining_time_in_millis() > 0
    return event


def pre_token_generation(event, context):
    event["response"] = {
        "claimsAndScopeOverrideDetails": {
            "idTokenGeneration": {"claimsToAddOrOverride": {"source": event["triggerSource"]}},
            "accessTokenGeneration": {"scopesToAdd": ["orders/read"]},
        }
    }
    return event


def user_migration(event, context):
    people = {"carol": "Old-Passw0rd"}
    if people.get(event["userName"]) == event["request"].get("password"):
        event["response"]["userAttributes"] = {"email": "carol@example.com", "email_verified": "true"}
        event["response"]["finalUserStatus"] = "CONFIRMED"
        event["response"]["messageAction"] = "SUPPRESS"
    return event


def define_auth_challenge(event, context):
    rounds = event["request"]["session"]
    response = event["response"]
    if len(rounds) == 1 and rounds[0]["challengeName"] == "SRP_A":
        response.update(issueTokens=False, failAuthentication=False, challengeName="PASSWORD_VERIFIER")
    elif rounds and rounds[-1]["challengeName"] == "CUSTOM_CHALLENGE" and rounds[-1]["challengeResult"]:
        response.update(issueTokens=True, failAuthentication=False)
    elif len(rounds) > 4:
        response.update(issueTokens=False, failAuthentication=True)
    else:
        response.update(issueTokens=False, failAuthentication=False, challengeName="CUSTOM_CHALLENGE")
    return event


def create_auth_challenge(event, context):
    event["response"]["publicChallengeParameters"] = {"captchaUrl": "url/123.jpg"}
    event["response"]["privateChallengeParameters"] = {"answer": "5"}
    event["response"]["challengeMetadata"] = "CAPTCHA_CHALLENGE"
    return event


def verify_auth_challenge_response(event, context):
    expected = event["request"]["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == expected
    return event


def custom_message(event, context):
    if event["triggerSource"] == "CustomMessage_SignUp":
        event["response"]["emailSubject"] = "Welcome to the service"
        event["response"]["emailMessage"] = "Thank you for signing up. " + event["request"]["codeParameter"]
    return event
