"""Python Social Auth in a Django application, with its Cognito backend: signs somebody in, refreshes, signs out."""

import json
import os
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from wsgiref.simple_server import make_server

import django
from django.contrib.auth import logout
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import include, path

facts = json.loads(input())
issuer, client_id, client_secret = facts["issuer"], facts["clientId"], facts["clientSecret"]
site = facts["site"]

AUTHENTICATION_BACKENDS = ["social_core.backends.cognito.CognitoOAuth2"]
SOCIAL_AUTH_COGNITO_KEY = client_id
SOCIAL_AUTH_COGNITO_SECRET = client_secret
SOCIAL_AUTH_COGNITO_POOL_DOMAIN = issuer
SOCIAL_AUTH_COGNITO_EXTRA_DATA = ["refresh_token"]

SECRET_KEY = "of the tests"
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = __name__
LOGIN_REDIRECT_URL = "/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(facts["folder"]) / "django.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "social_django",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def home(request):
    user = request.user
    return JsonResponse({"user": user.username, "email": getattr(user, "email", None)})


def enter(request):
    """A sign-in begins with a POST, which this page sends."""
    return HttpResponse('<form method="post" action="/login/cognito/"></form>')


def refresh(request):
    from social_django.utils import load_strategy

    social = request.user.social_auth.get()
    before = social.access_token
    social.refresh_token(load_strategy())
    return JsonResponse({"new": social.access_token != before, "sub": social.uid == social.extra_data["sub"]})


def leave(request):
    logout(request)
    return HttpResponseRedirect(f"{issuer}/logout?{urlencode({'client_id': client_id, 'logout_uri': f'{site}/'})}")


os.environ["DJANGO_SETTINGS_MODULE"] = __name__
django.setup()
urlpatterns = [
    path("", home),
    path("enter", enter),
    path("refresh", refresh),
    path("leave", leave),
    path("", include("social_django.urls", namespace="social")),
]
call_command("migrate", verbosity=0)
server = make_server("127.0.0.1", urlsplit(site).port, get_wsgi_application())
print("listening", flush=True)
server.serve_forever()
