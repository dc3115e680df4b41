/* A call in other words: as SQL, as a command of the AWS CLI, as a test event. */

import { byId } from './dom.js';

/** Characters that a terminal obeys. */
const COMMANDS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** With these written as SQL and a shell know them, too. */
function withoutCommands(text) {
  return text.replace(COMMANDS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As PostgreSQL's quote_literal does, whatever standard_conforming_strings says. */
function literal(text) {
  const quoted = withoutCommands(text.replaceAll("'", "''").replaceAll('\\', '\\\\'));
  return quoted.includes('\\') ? `E'${quoted}'` : `'${quoted}'`;
}

/** A statement that makes the call. */
export function asSql(call) {
  const orNull = (text, type = '') => (text === null || text === undefined ? `NULL${type}` : literal(text) + type);
  const values = [
    orNull(call.function_name, call.function_name === null ? '::text' : ''),
    orNull(call.payload, '::json'),
    orNull(call.region),
    orNull(call.invocation_type ?? 'RequestResponse'),
    orNull(call.log_type ?? 'None'),
    orNull(call.client_context, '::json'),
    orNull(call.qualifier),
  ];
  const defaults = [null, null, 'NULL', "'RequestResponse'", "'None'", 'NULL::json', 'NULL'];
  while (values.at(-1) === defaults[values.length - 1]) {
    values.pop();
  }
  return `SELECT * FROM aws_lambda.invoke(${values.join(', ')});`;
}

/** As one word of a shell. */
function word(text) {
  return text.search(COMMANDS) < 0
    ? `'${text.replaceAll("'", `'\\''`)}'`
    : `$'${withoutCommands(text.replaceAll('\\', '\\\\').replaceAll("'", "\\'"))}'`;
}

function base64(text) {
  let binary = '';
  new TextEncoder().encode(text).forEach((byte) => (binary += String.fromCharCode(byte)));
  return btoa(binary);
}

/** A command of the AWS CLI that makes the call; the answer goes to standard output. */
export function asCommand(call) {
  const options = [['function-name', call.function_name ?? '']];
  const add = (name, value, isDefault) => {
    if (value !== null && value !== undefined && !isDefault) {
      options.push([name, value]);
    }
  };
  add('region', call.region);
  add('qualifier', call.qualifier);
  add('invocation-type', call.invocation_type, call.invocation_type === 'RequestResponse');
  add('log-type', call.log_type, call.log_type === 'None');
  add('client-context', call.client_context === null ? null : base64(call.client_context ?? ''), !call.client_context);
  add('payload', call.payload);
  const words = options.map(([name, value]) => `--${name}=${word(value)}`);
  return `aws lambda invoke ${words.join(' ')} --cli-binary-format raw-in-base64-out /dev/stdout`;
}

/** The payload, for a test in the console or in a file. */
export function asTestEvent(call) {
  return call.payload ?? 'null';
}

/** Puts a text where it can be pasted from; shows it where the browser does not allow that. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = byId('by-hand-text');
    area.value = text;
    byId('by-hand').showModal();
    area.select();
    return false;
  }
}
