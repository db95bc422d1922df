// The one script of the pages: it asks the browser for a passkey and posts what the browser says.
"use strict";

const form = document.querySelector("form[data-passkey]");
const failed = document.querySelector("[data-passkey-failed]");

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// PublicKeyCredential.parse…FromJSON and toJSON, for browsers that lack them.
function parsed(options) {
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const parts = { ...options, challenge: bytes(options.challenge) };
  if (options.user) parts.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) parts.allowCredentials = known(options.allowCredentials);
  if (options.excludeCredentials) parts.excludeCredentials = known(options.excludeCredentials);
  return parts;
}

function written(credential) {
  const said = credential.response;
  const response = { clientDataJSON: text(said.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (said[name]) response[name] = text(said[name]);
  }
  if (said.getTransports) response.transports = said.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment || undefined,
    clientExtensionResults: {},
    response,
  };
}

async function ask(event) {
  event.preventDefault();
  failed.hidden = true;
  try {
    const publicKey = parsed(JSON.parse(form.dataset.options));
    const credential =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
    form.elements.credential.value = JSON.stringify(written(credential));
    form.submit();
  } catch {
    failed.hidden = false;
    failed.focus();
  }
}

if (form && navigator.credentials) {
  form.hidden = false;
  form.addEventListener("submit", ask);
} else if (failed) {
  failed.hidden = false;
}
