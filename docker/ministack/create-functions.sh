#!/bin/sh
# Runs inside the emulator when it is ready: creates a function from examples/functions/hello.py.
set -eu
python -m zipfile -c /tmp/hello.zip /functions/hello.py
awslocal lambda create-function --function-name emulated-hello --runtime python3.12 --handler hello.lambda_handler \
  --role arn:aws:iam::000000000000:role/lambda --zip-file fileb:///tmp/hello.zip
