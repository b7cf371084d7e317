"""boto3 for the tests, as a process: one JSON request a line on stdin, one JSON answer a line on stdout, until stdin ends.

`{"do": "versions"}` answers the versions of boto3 and botocore.

`{"do": "call", "client": {...}, "method": "converse_stream", "args": {...}}` calls a method of a bedrock-runtime client and
answers `{"value", "events", "raised"}`: what the method returned, what its event stream gave before it ended, and the
exception that either of them raised. `client` has `endpoint`, and `accessKeyId` or `bearer`, and `maxAttempts` (boto3's own
default where absent). Text in `args.body` goes out as bytes; bytes come back as text.

`{"do": "decode", "operation": "ConverseStream", "streams": [base64, ...]}` reads each stream with botocore's decoder and
parser, without a socket, as if its body had ended cleanly there. One `{"events", "raised"}` a stream.
"""

import base64
import json
import os
import sys
from contextlib import contextmanager

import boto3
import botocore
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.exceptions import ClientError
from botocore.parsers import EventStreamJSONParser
from botocore.response import StreamingBody

REGION = "us-east-1"
BEARER_VARIABLE = "AWS_BEARER_TOKEN_BEDROCK"

clients = {}


def client_for(spec):
    key = json.dumps(spec, sort_keys=True)
    if key not in clients:
        clients[key] = new_client(spec)
    return clients[key]


def new_client(spec):
    options = {"read_timeout": 60}
    if "maxAttempts" in spec:
        options["retries"] = {"total_max_attempts": spec["maxAttempts"], "mode": "standard"}
    arguments = {"region_name": REGION, "endpoint_url": spec["endpoint"], "config": Config(**options)}
    if "accessKeyId" in spec:
        arguments["aws_access_key_id"] = spec["accessKeyId"]
        arguments["aws_secret_access_key"] = "any secret"
    return boto3.session.Session().client("bedrock-runtime", **arguments)


@contextmanager
def environment_of(spec):
    """boto3 takes a bearer key from the environment only, and looks there for each client and again for its first call."""
    if "bearer" in spec:
        os.environ[BEARER_VARIABLE] = spec["bearer"]
    try:
        yield
    finally:
        os.environ.pop(BEARER_VARIABLE, None)


def plain(value):
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, StreamingBody):
        return plain(value.read())
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if not isinstance(item, EventStream)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return str(value)


def describe(error):
    response = dict(error.response) if isinstance(error, ClientError) else {}
    metadata = response.pop("ResponseMetadata", {})
    details = response.pop("Error", {})
    return {
        "class": type(error).__name__,
        "bases": [base.__name__ for base in type(error).__mro__],
        "code": details.get("Code"),
        "message": details.get("Message") if isinstance(error, ClientError) else str(error),
        "status": metadata.get("HTTPStatusCode"),
        "headers": metadata.get("HTTPHeaders", {}),
        "retries": metadata.get("RetryAttempts"),
        "fields": plain(response),
    }


def read_events(stream):
    events = []
    try:
        for event in stream:
            events.append(plain(event))
    except Exception as error:
        return {"events": events, "raised": describe(error)}
    return {"events": events, "raised": None}


def call(request):
    arguments = dict(request["args"])
    if isinstance(arguments.get("body"), str):
        arguments["body"] = arguments["body"].encode("utf-8")
    try:
        with environment_of(request["client"]):
            value = getattr(client_for(request["client"]), request["method"])(**arguments)
    except Exception as error:
        return {"value": None, "events": [], "raised": describe(error)}
    streams = [item for item in value.values() if isinstance(item, EventStream)]
    outcome = read_events(streams[0]) if streams else {"events": [], "raised": None}
    return {"value": plain(value), **outcome}


class Body:
    """The part of urllib3's response that an event stream reads from; here all of it comes at once."""

    def __init__(self, content):
        self.content = content

    def stream(self):
        yield self.content

    def close(self):
        pass


def decode(request):
    model = client_for({"endpoint": "http://127.0.0.1", "accessKeyId": "none"}).meta.service_model
    operation = request["operation"]
    output = model.operation_model(operation).get_event_stream_output()
    return [
        read_events(EventStream(Body(base64.b64decode(text)), output, EventStreamJSONParser(), operation))
        for text in request["streams"]
    ]


def versions(_request):
    return {"boto3": boto3.__version__, "botocore": botocore.__version__}


ACTIONS = {"versions": versions, "call": call, "decode": decode}

for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(ACTIONS[request["do"]](request)), flush=True)
