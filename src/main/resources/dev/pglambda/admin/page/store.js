/* The calls that the page knows, oldest first, and those of them that pass the filter. */

import { cut } from './dom.js';

export const MOST_CALLS = 50_000;
const DROPPED_AT_ONCE = 1_000;
const LONGEST_TEXT = 200;

/** Where a call with this number is, or would be. */
function position(calls, id) {
  let low = 0;
  let high = calls.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (calls[middle].id < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** As much of a text as is kept of it. */
export const short = (text) => cut(text ?? '', LONGEST_TEXT);

/** What the list shows of a call: a few hundred bytes, however long its texts are. */
function summary(call) {
  return {
    id: call.id,
    started_at: call.started_at,
    duration_ms: call.duration_ms,
    outcome: call.outcome,
    function_name: short(call.function_name),
    invocation_type: short(call.invocation_type),
    status_code: call.status_code,
    payload_bytes: call.payload_bytes,
    response_bytes: call.response_bytes,
    sqlstate: call.sqlstate,
    message: short(call.message),
    database: short(call.database),
    statement: short(call.statement),
    replay_of: call.replay_of,
  };
}

export class CallStore {
  all = [];
  shown = [];
  functions = new Set();
  databases = new Set();

  /** Grows when calls are forgotten, so that an answer that was under way is known as old. */
  generation = 0;

  #passes = () => true;

  /** Adds a call, or what has become of it. */
  put(json) {
    const call = summary(json);
    const at = position(this.all, call.id);
    const known = this.all[at]?.id === call.id;
    const before = known ? this.all[at].outcome : 'pending';
    const hasFailedLater = before === 'ok' && call.outcome === 'function_error'; // an Event
    if (before !== 'pending' && !hasFailedLater) {
      return; // an event was faster than a page of older news
    }
    this.all.splice(at, known ? 1 : 0, call);
    this.functions.add(call.function_name);
    this.databases.add(call.database);
    this.#show(call);
    if (this.all.length > MOST_CALLS) {
      this.all.splice(0, DROPPED_AT_ONCE);
      this.shown.splice(0, position(this.shown, this.all[0].id));
    }
  }

  #show(call) {
    const at = position(this.shown, call.id);
    const isShown = this.shown[at]?.id === call.id;
    this.shown.splice(at, isShown ? 1 : 0, ...(this.#passes(call) ? [call] : []));
  }

  filter(passes) {
    this.#passes = passes;
    this.shown = this.all.filter(passes);
  }

  /** Forgets the other calls. */
  retain(isKept) {
    this.generation++;
    this.all = this.all.filter(isKept);
    this.functions = new Set(this.all.map((call) => call.function_name));
    this.databases = new Set(this.all.map((call) => call.database));
    this.shown = this.all.filter(this.#passes);
  }

  /** All calls up to this number are known, and have ended. */
  settled() {
    const pending = this.all.find((call) => call.outcome === 'pending');
    return pending ? pending.id - 1 : (this.all.at(-1)?.id ?? 0);
  }

  find(id) {
    const call = this.all[position(this.all, id)];
    return call?.id === id ? call : null;
  }

  /** The calls that repeated this one. */
  replaysOf(id) {
    return this.all.filter((call) => call.replay_of === id);
  }

  // The rows of the list: the newest is row 0.

  row(index) {
    return this.shown[this.shown.length - 1 - index];
  }

  /** The row of a call; if it is not shown, that of the next newer one, possibly -1. */
  rowOf(id) {
    return this.shown.length - 1 - position(this.shown, id);
  }
}
