"""OpenID Connect providers on loopback: one that is real, and one whose every answer a test decides.

`Provider` is the program `oidc-provider-mock`, a process of its own. `Realm` speaks as a Keycloak realm does,
in a thread, and its keys are at hand: for what no honest provider would sign.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from support.processes import die_with_parent, free_port

PATIENCE = 300
"""Seconds until a provider that does not start is given up."""
CLIENT = "ispyb-ui"

Claims = dict[str, Any]
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class Provider:
    """The running program; it knows one person, with these claims. A restart makes new keys."""

    def __init__(self, **claims: Any) -> None:
        self.port = free_port()
        self._claims = {"sub": "0001", **claims}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def issuer(self) -> str:
        """What its tokens name as `iss`, and where its discovery document lies below."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *options: str) -> None:
        """Start, and return when it answers."""
        program = (sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(self.port))
        self._process = subprocess.Popen(
            [*program, "--user-claims", json.dumps(self._claims), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        for _ in range(PATIENCE * 20):
            try:
                httpx.get(f"{self.issuer}/.well-known/openid-configuration").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"the provider does not answer within {PATIENCE} seconds")

    def stop(self) -> None:
        """Stop; it may be started again."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def sign_on(self, page: str, **more: str) -> str:
        """Where a browser is sent back to when the person has logged in on this page."""
        sent = httpx.post(page, data={"sub": str(self._claims["sub"]), **more})
        return str(sent.headers["location"])

    def log_in(self, client_id: str = CLIENT) -> dict[str, str]:
        """What a web page gets for its person by the authorization code flow: `access_token`, `id_token`."""
        page = {"client_id": client_id, "redirect_uri": "https://ispyb.example.org/"}
        query = httpx.QueryParams({**page, "response_type": "code", "scope": "openid profile email"})
        back = self.sign_on(f"{self.issuer}/oauth2/authorize?{query}")
        code = parse_qs(urlsplit(back).query)["code"][0]
        with httpx.Client(base_url=self.issuer) as browser:
            form = {**page, "grant_type": "authorization_code", "code": code, "client_secret": "any"}
            tokens: dict[str, str] = browser.post("/oauth2/token", data=form).raise_for_status().json()
        return tokens


class Realm:
    """A realm in a thread. Everything that it answers with may be changed at any time."""

    def __init__(self, name: str = "facility") -> None:
        self.name = name
        self.keys: dict[str | None, Private] = {"first": rsa_key()}
        self.delay = 0.0
        self.status = 200
        self.discovery: Claims = {}
        self.jwk: Claims = {}
        self.userinfo: Any = {}
        self.calls: list[str] = []
        self.given: Claims = {}
        """What is answered for a code."""
        self.forms: list[tuple[str | None, dict[str, str]]] = []
        """What was sent for codes, each with its `Authorization`."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def server_url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def issuer(self) -> str:
        """What the tokens name as `iss`."""
        return f"{self.server_url}/realms/{self.name}"

    def settings(self, backend: str = "keycloak", **more: Any) -> dict[str, Any]:
        """Settings of a backend of this name that trusts this realm."""
        table = {
            "use": "auth_keycloak",
            "server_url": self.server_url,
            "realm": self.name,
            "client_id": CLIENT,
            **more,
        }
        return {f"auth.backends.{backend}.{name}": value for name, value in table.items()}

    def claims(self, **changed: Any) -> Claims:
        """What Keycloak puts into an access token for `CLIENT`, with changes; `...` leaves a claim out."""
        now = int(time.time())
        usual = {
            "exp": now + 300,
            "iat": now,
            "jti": "e2b4",
            "iss": self.issuer,
            "aud": "account",
            "sub": "0001",
            "typ": "Bearer",
            "azp": CLIENT,
            "preferred_username": "abcd",
            "given_name": "Ada",
            "family_name": "Lovelace",
            "email": "ada@example.org",
        }
        return {name: value for name, value in {**usual, **changed}.items() if value is not ...}

    def token(
        self,
        kid: str | None = "first",
        algorithm: str = "RS256",
        key: Any = None,
        headers: Claims | None = None,
        **changed: Any,
    ) -> str:
        """A token signed with one of the realm's keys, or with another one."""
        header = {"kid": kid, **(headers or {})} if kid is not None else headers
        payload = json.dumps(self.claims(**changed)).encode()
        return jwt.PyJWS().encode(payload, key or self.keys[kid], algorithm, header)

    def close(self) -> None:
        """Stop answering: connections are refused from now on."""
        self._server.shutdown()
        self._server.server_close()

    def exchange(self, authorization: str | None, form: str) -> tuple[int, Any]:
        """Status and body for a code."""
        self.forms.append((authorization, dict(parse_qsl(form))))
        return self.status, self.given

    def answer(self, path: str, authorization: str | None) -> tuple[int, Any]:
        """Status and body for a path."""
        match path.removeprefix(f"/realms/{self.name}"):
            case "/.well-known/openid-configuration":
                return self.status, self._document() | self.discovery
            case "/protocol/openid-connect/certs":
                return self.status, {"keys": [self._public(kid) for kid in self.keys]}
            case "/protocol/openid-connect/userinfo" if authorization:
                return self.status, self.userinfo
        return 404, {}

    def _document(self) -> Claims:
        endpoints = f"{self.issuer}/protocol/openid-connect"
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{endpoints}/certs",
            "userinfo_endpoint": f"{endpoints}/userinfo",
            "authorization_endpoint": f"{endpoints}/auth",
            "token_endpoint": f"{endpoints}/token",
        }

    def _public(self, kid: str | None) -> Claims:
        """The JSON Web Key of one of the keys."""
        key = self.keys[kid]
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        if isinstance(key, ed25519.Ed25519PrivateKey):
            algorithm = "EdDSA"
        data = get_default_algorithms()[algorithm].to_jwk(key.public_key(), as_dict=True)
        return {**data, **({} if kid is None else {"kid": kid}), "use": "sig", **self.jwk}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        realm = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                realm.calls.append(self.path.rpartition("/")[2])
                time.sleep(realm.delay)
                self._send(*realm.answer(self.path, self.headers.get("Authorization")))

            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._send(*realm.exchange(self.headers.get("Authorization"), form))

            def _send(self, status: int, body: Any) -> None:
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the tests' output clean."""

        return Handler


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """A new RSA key."""
    return rsa.generate_private_key(65537, bits)
