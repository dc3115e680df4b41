/* One call: request beside response, error, log, where it came from, and what can be done with it. */

import { api } from './api.js';
import { asCommand, asSql, asTestEvent } from './copy.js';
import { badge, bytes, cut, el, millis, visible } from './dom.js';
import { block } from './json.js';

const LONGEST_NAME = 1_000;
const NOT_KEPT = 'not kept (see --journal-payloads and --journal-size)';

export class Detail {
  id = undefined; // nothing is drawn yet
  #node;
  #store;
  #actions;
  #call = null;
  #isPretty = { request: true, response: true };
  #isEdited = false;

  /** `actions`: open(id), close(), replay(id, payload), copy(text, what). */
  constructor(node, store, actions) {
    this.#node = node;
    this.#store = store;
    this.#actions = actions;
  }

  /** Shows a call, or none for null. */
  async show(id) {
    if (id === this.id) {
      return;
    }
    this.id = id;
    this.#call = null;
    this.#isEdited = false;
    if (id === null) {
      this.#node.replaceChildren(el('p', { class: 'empty' }, 'Choose a call to see what was asked and answered.'));
    } else {
      this.#node.scrollTop = 0;
      await this.#read();
    }
  }

  /** There is news of a call, or of any for null. */
  changed(id) {
    const isDue =
      id === null
        ? this.#call?.outcome === 'pending'
        : id === this.id && this.#call?.outcome !== this.#store.find(id)?.outcome;
    if (isDue && !this.#isEdited) {
      this.#read();
    } else if (this.#call && this.#store.find(id)?.replay_of === this.id && !this.#isEdited) {
      this.#draw();
    }
  }

  async #read() {
    const id = this.id;
    try {
      const call = await api(`/api/invocations/${id}`);
      if (id === this.id && !this.#isEdited) {
        this.#call = call;
        this.#draw();
      }
    } catch (error) {
      if (id === this.id && !this.#call) {
        const words = error.status === 404 ? `Call #${id} is not kept any more.` : error.message;
        this.#node.replaceChildren(this.#close(), el('p', { class: 'empty', role: 'alert' }, words));
      }
    }
  }

  /** Lets the payload be changed before the call is made once more. */
  edit() {
    if (this.#call && !this.#isEdited) {
      this.#isEdited = true;
      this.#draw();
      this.#node.querySelector('textarea').focus();
    }
  }

  stopEditing() {
    const wasEdited = this.#isEdited;
    this.#isEdited = false;
    if (wasEdited) {
      this.#draw();
      this.#node.focus();
    }
    return wasEdited;
  }

  #draw() {
    const call = this.#call;
    this.#node.dataset.outcome = call.outcome;
    this.#node.replaceChildren(
      ...[
        this.#head(call),
        this.#buttons(call),
        timeline(call),
        this.#isEdited ? this.#editor(call) : null,
        error(call),
        el('div', { class: 'panes' }, this.#request(call), this.#response(call)),
        call.log ? el('section', { class: 'log' }, el('h3', {}, 'Log'), block(call.log, true)) : null,
        call.statement
          ? el('section', { class: 'statement' }, el('h3', {}, 'Statement'), block(call.statement, true))
          : null,
        facts(call),
      ].filter(Boolean),
    );
  }

  #close() {
    return el('button', { class: 'close quiet', 'aria-label': 'Close', title: 'Close (Esc)', onclick: this.#actions.close }, '×');
  }

  #link(id, words) {
    return el('a', { href: `#id=${id}`, onclick: (event) => (event.preventDefault(), this.#actions.open(id)) }, words);
  }

  #head(call) {
    const replays = this.#store.replaysOf(call.id).slice(-5);
    return el(
      'header',
      {},
      el('h2', {}, el('span', { class: 'badge' }, badge(call)), ' ', el('bdi', { class: 'name' }, name(call.function_name))),
      el('span', { class: 'number' }, `#${call.id}`),
      this.#close(),
      call.replay_of || replays.length
        ? el(
            'p',
            { class: 'again' },
            call.replay_of ? ['↻ ', this.#link(call.replay_of, `replay of #${call.replay_of}`), ' '] : null,
            replays.map((replay) => [this.#link(replay.id, `replayed as #${replay.id}`), ' ']),
          )
        : null,
    );
  }

  #buttons(call) {
    const { replay, copy } = this.#actions;
    const isKept = call.payload !== null || call.payload_bytes === 0;
    const button = (words, onclick, title, disabled = false) =>
      el('button', { onclick, title, disabled, class: words === 'Replay' ? 'primary' : null }, words);
    return el(
      'div',
      { class: 'buttons', role: 'toolbar', 'aria-label': 'Actions' },
      button('Replay', () => replay(call.id), 'Make the call once more (r)', !isKept),
      button('Edit and replay', () => this.edit(), 'Change the payload first (e)'),
      el('span', { class: 'label' }, 'Copy as'),
      button('SQL', () => copy(asSql(call), 'the statement'), 'A statement that makes the call', !isKept),
      button('AWS CLI', () => copy(asCommand(call), 'the command'), 'A command that makes the call', !isKept),
      button('Test event', () => copy(asTestEvent(call), 'the payload'), 'The payload', !isKept),
    );
  }

  #editor(call) {
    const state = el('span', { class: 'validity', role: 'status' });
    const send = el('button', { class: 'primary', type: 'submit' }, 'Replay with this payload');
    const area = el('textarea', { 'aria-label': 'Payload', spellcheck: 'false', autocomplete: 'off', rows: 12, oninput: check });
    area.value = call.payload ?? '';
    function check() {
      let words = '';
      try {
        JSON.parse(area.value);
      } catch (problem) {
        words = `not JSON: ${cut(problem.message, 200)}`;
      }
      send.disabled = words !== '';
      area.setAttribute('aria-invalid', words !== '');
      state.replaceChildren(...visible(words));
    }
    check();
    const submit = (event) => {
      event.preventDefault();
      this.#actions.replay(call.id, area.value);
    };
    return el(
      'form',
      { class: 'editor', onsubmit: submit },
      area,
      state,
      el('div', { class: 'buttons' }, send, el('button', { type: 'button', onclick: () => this.stopEditing() }, 'Cancel')),
    );
  }

  #request(call) {
    const none = call.payload_bytes > 0 ? NOT_KEPT : 'NULL';
    return this.#pane('request', 'Request', call.payload, call.payload_bytes, none);
  }

  #response(call) {
    const pending = call.outcome === 'pending';
    const none = call.response_bytes > 0 ? NOT_KEPT : pending ? 'not yet' : 'none';
    return this.#pane('response', 'Response', call.response || null, call.response_bytes, none);
  }

  #pane(which, title, text, size, none) {
    const mode = (words, isPretty) =>
      el(
        'button',
        {
          'aria-pressed': String(this.#isPretty[which] === isPretty),
          onclick: () => {
            this.#isPretty[which] = isPretty;
            const other = this.#pane(which, title, text, size, none);
            pane.replaceWith(other);
            other.querySelector('[aria-pressed=true]').focus();
          },
        },
        words,
      );
    const modes = el('span', { class: 'modes', role: 'group', 'aria-label': `${title} as` }, mode('Pretty', true), mode('Raw', false));
    const copy = el('button', { 'aria-label': `Copy ${which}`, onclick: () => this.#actions.copy(text, `the ${which}`) }, 'Copy');
    const pane = el(
      'section',
      { class: 'pane', 'data-pane': which },
      el('h3', {}, title, ' ', el('small', {}, bytes(size)), text === null ? null : modes, text === null ? null : copy),
      text === null ? el('p', { class: 'none' }, none) : block(text, this.#isPretty[which]),
    );
    return pane;
  }
}

function name(text) {
  return text === null ? 'NULL' : visible(cut(text, LONGEST_NAME));
}

function error(call) {
  if (!call.sqlstate && !call.message) {
    return null;
  }
  const lines = ['detail', 'hint'].filter((field) => call[field]);
  return el(
    'section',
    { class: 'error' },
    el('h3', {}, 'Error ', el('code', {}, visible(call.sqlstate ?? ''))),
    block(call.message ?? '', true),
    lines.map((field) => [el('h4', {}, field.toUpperCase()), block(call[field], true)]),
  );
}

function timeline(call) {
  if (call.duration_ms === null) {
    return el('p', { class: 'timeline' }, 'has not ended');
  }
  const total = Math.max(call.duration_ms, 0.001);
  const part = (kind, ms) => {
    const node = el('span', { class: kind, title: `${kind} ${millis(ms)}` });
    node.style.width = `${Math.max(0, Math.min(100, (100 * ms) / total))}%`;
    return node;
  };
  const isSplit = call.queue_ms !== null && call.lambda_ms !== null;
  const words = isSplit ? `queue ${millis(call.queue_ms)} · Lambda ${millis(call.lambda_ms)} · ` : '';
  return el(
    'div',
    { class: 'timeline' },
    el(
      'div',
      { class: 'bar', role: 'img', 'aria-label': `${words}total ${millis(call.duration_ms)}` },
      isSplit ? [part('queue', call.queue_ms), part('lambda', call.lambda_ms)] : part('total', total),
    ),
    el('span', {}, `${words}total ${millis(call.duration_ms)}`),
  );
}

/** What is known besides, in the order in which people ask for it. */
function facts(call) {
  const rows = [
    ['Began', call.started_at],
    ['Type', call.invocation_type],
    ['Status', call.status_code],
    ['Function error', call.function_error],
    ['Resolved as', call.resolved_function],
    ['Route', call.route],
    ['Region', call.region],
    ['Qualifier', call.qualifier],
    ['Executed version', call.executed_version],
    ['Log type', call.log_type],
    ['Client context', call.client_context],
    ['Trace', call.trace_header],
    ['Database', call.database],
    ['Role', call.role],
    ['Application', call.application_name],
    ['Client', call.client],
    ['Server process', call.server_process],
  ].filter(([, value]) => value !== null && value !== undefined && value !== '');
  return el(
    'dl',
    { class: 'facts' },
    rows.map(([label, value]) => [el('dt', {}, label), el('dd', { dir: 'ltr' }, visible(cut(String(value), LONGEST_NAME)))]),
  );
}
