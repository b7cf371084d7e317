"""moto's STS for the tests, with its check of signatures and policies on.

Prints one JSON line when it listens: its URL, the keys of a user that may assume one role, and the ARN of that role.
Ends when stdin does.
"""

import json
import sys

import boto3
import requests
from moto.server import ThreadedMotoServer

USER = "gateway"
ROLE = "bedrock-caller"

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


def policy(resource):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"

iam = boto3.client(
    "iam", endpoint_url=url, region_name="us-east-1", aws_access_key_id="set-up", aws_secret_access_key="set-up"
)
role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
iam.create_user(UserName=USER)
iam.put_user_policy(UserName=USER, PolicyName="assume", PolicyDocument=json.dumps(policy(role)))
keys = iam.create_access_key(UserName=USER)["AccessKey"]

# From here on every request must be signed by somebody who may make it.
requests.post(f"{url}/moto-api/reset-auth", data="0", headers={"Content-Type": "text/plain"}, timeout=10)

print(
    json.dumps(
        {
            "url": url,
            "accessKeyId": keys["AccessKeyId"],
            "secretAccessKey": keys["SecretAccessKey"],
            "roleArn": role,
        }
    ),
    flush=True,
)
sys.stdin.read()
server.stop()
