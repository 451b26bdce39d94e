"""The AWS CLI's `cloudcontrol`, many times in one process: starting it for each change would take a second. Not beside boto3: the
CLI has a botocore of its own.

Takes the URL of the accounts, and on standard input a line of JSON for each call: account, command and input. Prints what the
CLI does, in one line.
"""

import contextlib
import io
import json
import os
import sys

from awscli.clidriver import create_clidriver

URL = sys.argv[1]

for line in sys.stdin:
    account, command, given = json.loads(line)
    os.environ |= {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1"}
    arguments = ["cloudcontrol", command, "--cli-input-json", json.dumps(given), "--endpoint-url", URL, "--output", "json"]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        ended = create_clidriver().main(arguments)
    if ended:
        sys.exit(f"aws {' '.join(arguments)}: {ended}")
    print(json.dumps(json.loads(printed.getvalue())), flush=True)
