"""A server that speaks the language of S3 and keeps what it takes in memory, with one bucket: `pictures`.

    s3.py [--port PORT]

Whoever signs with the key `masthead` and the secret `a secret of the tests` may read and write; a request without a signature
is refused.
"""

import argparse
import os
import threading

# Nothing of this machine's own is asked for.
os.environ |= {
    "AWS_ACCESS_KEY_ID": "masthead",
    "AWS_SECRET_ACCESS_KEY": "a secret of the tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
options = parser.parse_args()


class Signed:
    """Refuses what nobody has signed; moto itself asks for no signature."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        signature = environ.get("HTTP_AUTHORIZATION", "")
        if "Credential=masthead/" not in signature:
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code></Error>"]
        return self.app(environ, start_response)


app = Signed(DomainDispatcherApplication(create_backend_app))
server = make_server("127.0.0.1", options.port, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
boto3.client("s3", endpoint_url=f"http://127.0.0.1:{server.port}").create_bucket(Bucket="pictures")
print(server.port, flush=True)
threading.Event().wait()
