"""mozilla-django-oidc in a Django application: signs somebody in, checks now and then that it is so, signs out."""

import json
import os
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from wsgiref.simple_server import make_server

import django
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import include, path

facts = json.loads(input())
issuer, client_id, client_secret = facts["issuer"], facts["clientId"], facts["clientSecret"]
site = facts["site"]

OIDC_RP_CLIENT_ID = client_id
OIDC_RP_CLIENT_SECRET = client_secret
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid email profile"
OIDC_USE_PKCE = True
OIDC_STORE_ID_TOKEN = True  # for the sign-out
OIDC_OP_AUTHORIZATION_ENDPOINT = f"{issuer}/oauth2/authorize"
OIDC_OP_TOKEN_ENDPOINT = f"{issuer}/oauth2/token"
OIDC_OP_USER_ENDPOINT = f"{issuer}/oauth2/userInfo"
OIDC_OP_JWKS_ENDPOINT = f"{issuer}/.well-known/jwks.json"
OIDC_OP_LOGOUT_URL_METHOD = f"{__name__}.end_session"

SECRET_KEY = "of the tests"
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = __name__
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(facts["folder"]) / "django.db"}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "mozilla_django_oidc",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mozilla_django_oidc.middleware.SessionRefresh",
]


def end_session(request):
    return f"{issuer}/logout?" + urlencode(
        {"id_token_hint": request.session["oidc_id_token"], "post_logout_redirect_uri": f"{site}/"}
    )


def home(request):
    proven = request.session.get("oidc_id_token_expiration", 0) > time.time()
    return JsonResponse({"user": getattr(request.user, "email", None), "proven": proven})


def age(request):
    """As if the sign-in had been long ago: SessionRefresh asks Lido at the next page, without a word to the user."""
    request.session["oidc_id_token_expiration"] = 0
    return JsonResponse({})


def leave(request):
    """A sign-out is a POST, which this page sends."""
    return HttpResponse('<form method="post" action="/oidc/logout/"></form>')


os.environ["DJANGO_SETTINGS_MODULE"] = __name__
django.setup()
urlpatterns = [
    path("", home),
    path("age", age),
    path("leave", leave),
    path("oidc/", include("mozilla_django_oidc.urls")),
]
call_command("migrate", verbosity=0)
server = make_server("127.0.0.1", urlsplit(site).port, get_wsgi_application())
print("listening", flush=True)
server.serve_forever()
