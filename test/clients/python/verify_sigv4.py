"""botocore as a verifier of SigV4, as a process: one JSON request a line on stdin, one JSON answer a line on stdout.

`{"requests": [{"method", "rawUrl", "rawHeaders": [name, value, ...], "body": base64, "secretAccessKey"}, ...]}` answers for
each request, as it came over the wire, `{"claimed", "computed", "canonical"}`: the signature that its Authorization header
carries, the one that botocore computes for it, and the canonical request of the latter.
"""

import base64
import json
import re
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/([^/]+)/aws4_request, *SignedHeaders=([^,]+), *Signature=(\w+)$"
)


def headers_of(raw):
    headers = {}
    for name, value in zip(raw[0::2], raw[1::2]):
        name = name.lower()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def verify(received):
    headers = headers_of(received["rawHeaders"])
    key_id, _day, region, service, signed, claimed = AUTHORIZATION.match(headers["authorization"]).groups()
    signer = SigV4Auth(Credentials(key_id, received["secretAccessKey"]), service, region)
    request = AWSRequest(
        method=received["method"],
        url=f"http://{headers['host']}{received['rawUrl']}",
        data=base64.b64decode(received["body"]),
    )
    for name in signed.split(";"):
        request.headers[name] = headers[name]
    request.context["timestamp"] = headers["x-amz-date"]
    canonical = signer.canonical_request(request)
    computed = signer.signature(signer.string_to_sign(request, canonical), request)
    return {"claimed": claimed, "computed": computed, "canonical": canonical}


for line in sys.stdin:
    print(json.dumps([verify(received) for received in json.loads(line)["requests"]]), flush=True)
