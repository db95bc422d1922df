"""Authlib in a Flask application: signs somebody in, asks who it is, refreshes, signs out."""

import json
from urllib.parse import urlsplit
from wsgiref.simple_server import make_server

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session

facts = json.loads(input())
issuer, client_id, client_secret = facts["issuer"], facts["clientId"], facts["clientSecret"]
site = facts["site"]

app = Flask("authlib")
app.secret_key = "of the tests"
oauth = OAuth(app)
lido = oauth.register(
    "lido",
    client_id=client_id,
    client_secret=client_secret,
    server_metadata_url=f"{issuer}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
)
kept = {}


@app.get("/login")
def login():
    return lido.authorize_redirect(f"{site}/callback")


@app.get("/callback")
def callback():
    kept.update(lido.authorize_access_token())
    claims = kept["userinfo"]
    session["user"] = claims["cognito:username"]
    told = lido.userinfo(token=kept)
    return {"name": told["name"], "email": told["email"], "same": told["sub"] == claims["sub"]}


@app.get("/refresh")
def refresh():
    refreshed = lido.fetch_access_token(grant_type="refresh_token", refresh_token=kept["refresh_token"])
    return {
        "user": session.get("user"),
        "new": refreshed["access_token"] != kept["access_token"],
        "name": lido.userinfo(token=refreshed)["name"],
    }


@app.get("/logout")
def logout():
    session.clear()
    ended = lido.create_logout_url(f"{site}/", id_token_hint=kept["id_token"])
    return redirect(ended["url"])


@app.get("/")
def home():
    return {"user": session.get("user")}


server = make_server("127.0.0.1", urlsplit(site).port, app)
print("listening", flush=True)
server.serve_forever()
