"""Runs a Python function for Lambda's Runtime API (2018-06-01); Python 3.8 or newer, no packages.

Arguments: the handler, the file of its module or nothing, and the name of a function to take if the
handler's is not there or nothing. The shapes and texts of errors are those of AWS's own runtime.
"""
import decimal
import http.client
import importlib
import importlib.util
import json
import os
import sys
import threading
import time
import traceback

ROOT = "/2018-06-01/runtime"


def end_with_the_proxy():
    """Standard input is a pipe that closes when the proxy has ended. Functions get an empty one."""
    pipe = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def watch():
        try:
            while os.read(pipe, 64):
                pass
        except OSError:
            pass
        os._exit(1)

    threading.Thread(target=watch, name="proxy-watch", daemon=True).start()


class RuntimeApi:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address)

    def call(self, method, path, body=None, headers=None):
        try:
            self.connection.request(method, ROOT + path, body, headers or {})
            response = self.connection.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException):
            os._exit(1)

    def next(self):
        return self.call("GET", "/invocation/next")

    def respond(self, request_id, body):
        headers = {"Content-Type": "application/json"}
        self.call("POST", "/invocation/%s/response" % request_id, body, headers)

    def fail(self, path, error):
        body = json.dumps(error, ensure_ascii=False).encode("utf-8", "replace")
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Function-Error-Type": header_text(error["errorType"]),
        }
        self.call("POST", path, body, headers)


def header_text(text):
    return "".join(c if " " <= c <= "~" else "?" for c in text)


class Fault(Exception):
    def __init__(self, error_type, message, trace=None):
        super().__init__(message)
        self.error_type = error_type
        self.trace = trace or []


def make_error(message, error_type, trace, request_id):
    return {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": trace,
    }


def error_of(failure, request_id):
    if isinstance(failure, Fault):
        return make_error(str(failure), failure.error_type, failure.trace, request_id)
    frames = [
        frame
        for frame in traceback.extract_tb(failure.__traceback__)
        if frame.filename != __file__ and not frame.filename.startswith("<frozen importlib")
    ]
    return make_error(
        str(failure), type(failure).__name__, traceback.format_list(frames), request_id
    )


def log_error(error):
    description = "[ERROR]"
    if error["errorType"]:
        description += " " + error["errorType"]
    if error["errorMessage"]:
        description += (":" if error["errorType"] else "") + " " + error["errorMessage"]
    lines = [description, "Traceback (most recent call last):"]
    for element in error["stackTrace"]:
        for line in element.splitlines():
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    print("\r".join(lines), flush=True)


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Client:
    FIELDS = ("installation_id", "app_title", "app_version_name", "app_version_code",
              "app_package_name")

    def __init__(self, fields):
        for field in self.FIELDS:
            setattr(self, field, fields.get(field))


class ClientContext:
    def __init__(self, fields):
        client = fields.get("client")
        self.custom = fields.get("custom")
        self.env = fields.get("env")
        self.client = Client(client) if isinstance(client, dict) else None


class LambdaContext:
    def __init__(self, headers):
        client_context = headers.get("Lambda-Runtime-Client-Context")
        fields = json.loads(client_context) if client_context else None
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = ClientContext(fields) if isinstance(fields, dict) else None
        self.identity = Identity()
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


def load(handler, file, otherwise):
    try:
        module_name, function_name = handler.rsplit(".", 1)
    except ValueError as failure:
        raise Fault(
            "Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (handler, failure))
    try:
        if file:
            spec = importlib.util.spec_from_file_location(module_name, file)
            module = importlib.util.module_from_spec(spec)
            sys.modules[module_name] = module
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as failure:
        raise Fault(
            "Runtime.ImportModuleError",
            "Unable to import module '%s': %s" % (module_name, failure))
    except SyntaxError as failure:
        raise Fault(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module '%s': %s" % (module_name, failure),
            ['  File "%s" Line %s\n    %s' % (failure.filename, failure.lineno, failure.text)])
    for name in (function_name, otherwise):
        if name and hasattr(module, name):
            os.environ["_HANDLER"] = module_name + "." + name
            return getattr(module, name)
    raise Fault(
        "Runtime.HandlerNotFound",
        "Handler '%s' missing on module '%s'" % (function_name, module_name))


def to_json(value):
    def convert(other):
        if isinstance(other, decimal.Decimal):
            return float(other)
        raise TypeError(
            "Object of type %s is not JSON serializable" % type(other).__name__)

    try:
        return json.dumps(value, ensure_ascii=False, default=convert).encode("utf-8")
    except Exception as failure:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % failure)


def run(api, handler, headers, payload):
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
    try:
        try:
            event = json.loads(payload)
        except ValueError as failure:
            raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % failure)
        reply = to_json(handler(event, LambdaContext(headers)))
    except Exception as failure:
        error = error_of(failure, request_id)
        log_error(error)
        sys.stderr.flush()
        api.fail("/invocation/%s/error" % request_id, error)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    api.respond(request_id, reply)


def main():
    name, file, otherwise = (sys.argv[1:] + ["", "", ""])[:3]
    sys.argv = [file or name]
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    end_with_the_proxy()
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load(name, file, otherwise)
    except Exception as failure:
        error = error_of(failure, "")
        log_error(error)
        api.fail("/init/error", error)
        sys.exit(1)
    while True:
        response, payload = api.next()
        run(api, handler, response.headers, payload)


main()
