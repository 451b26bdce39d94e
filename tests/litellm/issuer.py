"""An issuer of access tokens, as Okta's, whose keys are of this run.

    issuer.py PORT TOKEN

PORT is listened on; the file TOKEN gets an access token of ada@example.com for api://default.
"""

import http.server, json, pathlib, sys, time

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

port, place = int(sys.argv[1]), pathlib.Path(sys.argv[2])
issuer = f"http://127.0.0.1:{port}/oauth2/default"
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
keys = json.dumps({"keys": [public | {"kid": "k1", "use": "sig", "alg": "RS256"}]}).encode()
now = int(time.time())
claims = {"iss": issuer, "aud": "api://default", "sub": "ada@example.com", "iat": now, "exp": now + 3600}


class Keys(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(keys)))
        self.end_headers()
        self.wfile.write(keys)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Keys)
place.write_text(jwt.encode(claims, key, "RS256", {"kid": "k1"}))
server.serve_forever()
