// Runs a Node.js function for Lambda's Runtime API (2018-06-01); Node.js 18 or newer, no packages.
//
// Arguments: the handler, the file of its module or nothing. The shapes and texts of errors and the
// lines of the console are those of AWS's own runtime.
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';

const ROOT = '/2018-06-01/runtime';
const EXTENSIONS = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];
const [handlerName, file] = process.argv.slice(2);
const taskRoot = process.env.LAMBDA_TASK_ROOT;
const separator = process.env.AWS_LAMBDA_RUNTIME_API.lastIndexOf(':');
const host = process.env.AWS_LAMBDA_RUNTIME_API.slice(0, separator);
const port = process.env.AWS_LAMBDA_RUNTIME_API.slice(separator + 1);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

let requestId;
let running; // the invocation that has no answer yet

class Fault extends Error {
  constructor(name, message, stack) {
    super(message);
    this.name = name;
    this.stack = stack === undefined ? `${name}: ${message}` : stack;
  }
}

const faultOf = (name, failure) => new Fault(name, String(failure), `${name}: ${failure.stack}`);

// Standard input is a pipe that closes when the proxy has ended.
function endWithTheProxy() {
  process.stdin.on('end', () => process.exit(1));
  process.stdin.on('error', () => process.exit(1));
  process.stdin.resume();
  process.stdin.unref();
}

function call(method, where, body, headers) {
  return new Promise((resolve) => {
    const options = { host, port, agent, method, path: ROOT + where, headers };
    const request = http.request(options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
      response.on('error', () => process.exit(1));
    });
    request.on('error', () => process.exit(1));
    request.end(body);
  });
}

function post(where, body, errorType) {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  if (errorType !== undefined) {
    headers['Lambda-Runtime-Function-Error-Type'] = errorType.replace(/[^ -~]/g, '?');
  }
  return call('POST', where, body, headers);
}

function patchConsole() {
  const levels = {
    log: 'INFO', debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR', trace: 'TRACE',
  };
  for (const [name, level] of Object.entries(levels)) {
    console[name] = (...values) => {
      const text = util.format(...values).replace(/\n/g, '\r');
      process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
    };
  }
}

const isError = (value) => value instanceof Error || util.types.isNativeError(value);

function errorBody(error) {
  try {
    return isError(error)
      ? {
          errorType: String(error.name),
          errorMessage: String(error.message),
          trace: String(error.stack).split('\n'),
        }
      : { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return { errorType: 'Error', errorMessage: 'Unknown error', trace: [] };
  }
}

function logError(title, error) {
  const { errorType, errorMessage, trace } = errorBody(error);
  let details = { errorType, errorMessage };
  if (isError(error)) {
    details = { ...details, ...Object.fromEntries(Object.entries(error)) };
    delete details.name;
  }
  let text;
  try {
    text = JSON.stringify({ ...details, stack: trace });
  } catch {
    text = JSON.stringify({ errorType, errorMessage, stack: trace });
  }
  console.error(`${title} \t${text}`);
}

function findModule(base) {
  return EXTENSIONS.map((extension) => base + extension).find(
    (name) => fs.existsSync(name) && fs.statSync(name).isFile());
}

function isOfModuleType(name) {
  for (let folder = path.dirname(name); ; folder = path.dirname(folder)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
    } catch (failure) {
      if (failure.code !== 'ENOENT' && failure.code !== 'ENOTDIR') {
        return false;
      }
    }
    if (folder === path.dirname(folder)) {
      return false;
    }
  }
}

async function loadModule(moduleName) {
  const name = file || findModule(path.resolve(taskRoot, moduleName));
  const require = createRequire(path.join(taskRoot, 'index.js'));
  try {
    if (name && (/\.m?ts$|\.mjs$/.test(name) || (name.endsWith('.js') && isOfModuleType(name)))) {
      return await import(pathToFileURL(name).href);
    }
    return require(name || path.resolve(taskRoot, moduleName));
  } catch (failure) {
    if (failure instanceof SyntaxError) {
      throw faultOf('Runtime.UserCodeSyntaxError', failure);
    }
    if (['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(failure?.code)) {
      throw faultOf('Runtime.ImportModuleError', failure);
    }
    throw failure;
  }
}

async function loadHandler() {
  const base = path.basename(handlerName);
  const dot = base.indexOf('.');
  if (dot < 0 || handlerName.includes('..')) {
    throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  }
  const stem = file ? handlerName.lastIndexOf('.') : handlerName.length - base.length + dot;
  const loaded = await loadModule(handlerName.slice(0, stem));
  const find = (from) =>
    handlerName.slice(stem + 1).split('.').reduce((value, key) => value?.[key], from);
  const handler = find(loaded) ?? find(loaded?.default);
  if (handler === undefined || handler === null) {
    throw new Fault('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  if (typeof handler !== 'function') {
    throw new Fault('Runtime.HandlerNotFound', `${handlerName} is not a function`);
  }
  return handler;
}

function contextOf(headers, answer) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const clientContext = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext === undefined ? undefined : JSON.parse(clientContext),
    identity: undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (error, result) => answer(error, result),
    succeed: (result) => answer(null, result),
    fail: (error) => answer(error ?? 'handled'),
  };
}

// Ends when the handler has answered: by a promise, by the callback (and then, unless the context
// says otherwise, when nothing else is to be done), or by having nothing to do any more.
function runHandler(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let answered;
    const conclude = () => (answered?.error != null ? reject(answered.error) : resolve(answered?.result));
    const context = contextOf(headers, (error, result) => callback(error, result, true));
    const callback = (error, result, now) => {
      if (answered === undefined) {
        answered = { error, result };
        if (now === true || !context.callbackWaitsForEmptyEventLoop || error != null) {
          conclude();
        }
      }
    };
    running = { idle: conclude, reject };
    const value = handler(event, context, (error, result) => callback(error, result, false));
    if (typeof value?.then === 'function') {
      value.then(resolve, reject);
    }
  });
}

function serialized(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

async function runNext(handler) {
  const { headers, body } = await call('GET', '/invocation/next');
  requestId = headers['lambda-runtime-aws-request-id'];
  process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
  const own = requestId;
  let reply;
  try {
    reply = serialized(await runHandler(handler, JSON.parse(body.toString('utf8')), headers));
  } catch (error) {
    running = undefined;
    logError('Invoke Error', error);
    await post(`/invocation/${own}/error`, JSON.stringify(errorBody(error)), errorBody(error).errorType);
    return;
  }
  running = undefined;
  await post(`/invocation/${own}/response`, reply);
}

// What nobody catches ends the process, as it does in Lambda.
async function fatal(title, error, status) {
  logError(title, error);
  const { errorType } = errorBody(error);
  const where = requestId === undefined ? '/init/error' : `/invocation/${requestId}/error`;
  agent.maxSockets = Infinity;
  await post(where, JSON.stringify(errorBody(error)), errorType);
  process.exit(status);
}

async function main() {
  endWithTheProxy();
  patchConsole();
  process.on('uncaughtException', (error) => fatal('Uncaught Exception', error, 129));
  process.on('unhandledRejection', (reason) => {
    const text = isError(reason) ? `${reason.name}: ${reason.message}` : String(reason);
    const error = new Fault('Runtime.UnhandledPromiseRejection', text);
    const { errorType, errorMessage, trace } = errorBody(reason);
    error.reason = { errorType, errorMessage, stack: trace };
    error.promise = {};
    fatal('Unhandled Promise Rejection', error, 128);
  });
  process.on('beforeExit', () => running?.idle());
  let handler;
  try {
    handler = await loadHandler();
  } catch (error) {
    await fatal('Uncaught Exception', error, 1);
  }
  for (;;) {
    await runNext(handler);
  }
}

main();
