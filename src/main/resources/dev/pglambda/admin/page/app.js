/* Puts the parts together: what the address says, what the keys do, what the proxy tells. */

import { api } from './api.js';
import { copy } from './copy.js';
import { Detail } from './detail.js';
import { byId, bytes, el, visible } from './dom.js';
import { Feed } from './feed.js';
import { Filter } from './filter.js';
import { CallList } from './list.js';
import { functionsSheet, sessionsSheet } from './sheets.js';
import { CallStore } from './store.js';

const STATUS_MS = 5_000;
const NOTICE_MS = 6_000;
const MOST_OPTIONS = 500;
const PAGE_OF_ROWS = 10;
const TABS = ['calls', 'functions', 'sessions'];
const FIELDS = ['function', 'outcome', 'database', 'text'];

const store = new CallStore();
const filter = new Filter(store, draw, (error) => notice(`Not all is found yet: ${error.message}`, true));
const list = new CallList(byId('rows'), store, open, () => feed.loadOlder());
const detail = new Detail(byId('detail'), store, { open, close, replay, copy: copyText });
const feed = new Feed(store, changed, connection);
const sheets = {
  functions: functionsSheet(byId('functions'), (name) => go({ tab: 'calls', function: name })),
  sessions: sessionsSheet(byId('sessions')),
};
const form = byId('filters');

/* What is shown is in the address: #tab=..&function=..&outcome=..&database=..&text=..&id=.. */

function address() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

/** Changes some of it; as a step that can be gone back if `isStep`. */
function go(changes, isStep = true) {
  const next = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...address(), ...changes })) {
    if (value !== '' && value !== null && !(name === 'tab' && value === 'calls')) {
      next.set(name, value);
    }
  }
  const hash = `#${next}`;
  if (hash !== location.hash && !(hash === '#' && location.hash === '')) {
    history[isStep ? 'pushState' : 'replaceState'](null, '', hash === '#' ? location.pathname : hash);
  }
  followAddress();
}

function followAddress() {
  const now = address();
  const tab = TABS.includes(now.tab) ? now.tab : 'calls';
  for (const each of TABS) {
    byId(`tab-${each}`).setAttribute('aria-selected', String(each === tab));
    byId(`tab-${each}`).tabIndex = each === tab ? 0 : -1;
  }
  byId('calls').hidden = tab !== 'calls';
  Object.entries(sheets).forEach(([name, sheet]) => sheet.show(name === tab));
  const values = Object.fromEntries(FIELDS.map((field) => [field, now[field] ?? '']));
  if (FIELDS.some((field) => values[field] !== filter.values[field])) {
    fillIn(values);
    filter.set(values);
    list.toTop();
  }
  const id = /^[1-9]\d{0,15}$/.test(now.id ?? '') ? Number(now.id) : null;
  document.body.classList.toggle('with-detail', id !== null && tab === 'calls');
  detail.show(id);
  if (getComputedStyle(byId('rows')).visibility === 'hidden') {
    byId('detail').focus(); // it lies over the list
  }
  if (id !== null && id !== list.active) {
    list.activate(id);
  }
}

function fillIn(values) {
  options();
  const database = form.elements.database;
  if (![...database.options].some((option) => option.value === values.database)) {
    database.append(el('option', { value: values.database }, values.database));
  }
  FIELDS.filter((field) => form.elements[field].value !== values[field]).forEach(
    (field) => (form.elements[field].value = values[field]),
  );
}

function open(id) {
  const isStep = detail.id === null; // one step back closes it, however many were looked at
  list.activate(id);
  go({ tab: 'calls', id }, isStep);
}

function close() {
  go({ id: null }, false);
  byId('rows').focus();
}

/* News. */

function changed(id) {
  draw();
  filter.callsChanged();
  detail.changed(id);
}

/** A browser has six connections to a proxy, and a stream holds one: who does not look has none. */
function follow() {
  if (document.hidden) {
    feed.disconnect();
  } else {
    feed.connect();
  }
}

let isCountDue = false;

function draw() {
  list.render();
  if (!isCountDue) {
    isCountDue = true;
    requestAnimationFrame(() => {
      isCountDue = false;
      count();
    });
  }
}

function count() {
  const [shown, all] = [store.shown.length, store.all.length];
  const calls = `${all.toLocaleString('en')} ${all === 1 ? 'call' : 'calls'}`;
  byId('count').textContent = filter.isEmpty() ? calls : `${shown.toLocaleString('en')} of ${calls}`;
  byId('no-calls').hidden = shown > 0;
  byId('rows').hidden = shown === 0;
  if (shown === 0) {
    byId('no-calls').replaceChildren(
      all > 0
        ? 'No call passes the filter.'
        : el('span', {}, 'No calls yet. Make one: ', el('code', {}, "SELECT * FROM aws_lambda.invoke('my-function', '{}')")),
    );
  }
  options();
}

/** What can be chosen of functions and databases. */
function options() {
  const names = [...store.functions].filter(Boolean).slice(0, MOST_OPTIONS);
  const known = byId('function-names');
  if (known.children.length !== names.length) {
    known.replaceChildren(...names.map((name) => el('option', { value: name })));
  }
  const { database } = form.elements;
  const chosen = database.value;
  const databases = [...new Set([...store.databases, chosen])].filter(Boolean).sort().slice(0, MOST_OPTIONS);
  if (database.options.length !== databases.length + 1) {
    database.replaceChildren(
      el('option', { value: '' }, 'Any database'),
      ...databases.map((name) => el('option', { value: name }, visible(name))),
    );
    database.value = chosen;
  }
}

function connection(state) {
  byId('connection').dataset.state = state;
  byId('connection').textContent = state;
  readStatus();
}

let statusTimer = 0;

async function readStatus() {
  clearTimeout(statusTimer);
  try {
    const status = await api('/api/status');
    byId('status').textContent = [
      `journal ${bytes(status.journal_bytes)} of ${bytes(status.journal_max_bytes)}`,
      status.keeps_payloads ? null : 'payloads are not kept',
      status.draining ? 'draining' : null,
      status.version,
    ]
      .filter(Boolean)
      .join(' · ');
  } catch {
    // The connection says it.
  }
  clearTimeout(statusTimer);
  statusTimer = setTimeout(readStatus, STATUS_MS);
}

/* What can be done. */

let noticeTimer = 0;

function notice(words, isProblem = false) {
  const node = byId('notice');
  node.replaceChildren(...visible(words));
  node.classList.toggle('problem', isProblem);
  node.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (node.hidden = true), NOTICE_MS);
}

const replaying = new Set();

/** Who has gone on to another call meanwhile is not called back. */
async function replay(id, payload) {
  notice(`Replaying #${id} …`);
  if (replaying.has(id)) {
    return;
  }
  replaying.add(id);
  try {
    const call = await api(`/api/invocations/${id}/replay`, 'POST', payload === undefined ? undefined : { payload });
    store.put(call);
    draw();
    if (list.active === id) {
      open(call.id);
    }
    notice(`#${call.id} is the replay of #${id}.`);
  } catch (error) {
    notice(`#${id} was not replayed: ${error.message}`, true);
  } finally {
    replaying.delete(id);
  }
}

async function copyText(text, what) {
  if (await copy(text)) {
    notice(`Copied ${what}.`);
  }
}

async function clear() {
  try {
    await api('/api/invocations', 'DELETE');
    readStatus(); // that the calls are forgotten is told to all
  } catch (error) {
    notice(`The journal was not cleared: ${error.message}`, true);
  }
}

function move(by) {
  const id = list.move(by);
  byId('rows').focus({ preventScroll: true });
  if (id !== null && detail.id !== null) {
    open(id);
  }
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  PageDown: () => move(PAGE_OF_ROWS),
  PageUp: () => move(-PAGE_OF_ROWS),
  Home: () => move(-Infinity),
  End: () => move(Infinity),
  Enter: () => list.active !== null && open(list.active),
  Escape: () => detail.stopEditing() || close(),
  '/': () => byId('filter-text').select(),
  r: (event) => !event.repeat && list.active !== null && replay(list.active),
  e: () => detail.edit(),
  '?': () => byId('keys').showModal(),
};

/** Keys that mean something of their own where the focus is. */
function isForAnother(event) {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) {
    return true;
  }
  if (at.matches('input, textarea, select')) {
    return event.key !== 'Escape';
  }
  if (event.key === 'Enter' && at.matches('button, a, summary')) {
    return true;
  }
  return at.closest('.detail') !== null && /^(Arrow|Page|Home|End)/.test(event.key);
}

document.addEventListener('keydown', (event) => {
  const action = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (!action || isForAnother(event) || (byId('calls').hidden && event.key !== '?')) {
    return;
  }
  event.preventDefault();
  if (event.target.matches('input, select') && event.key === 'Escape') {
    event.target.blur(); // the rows are hidden if no call passes
    byId('rows').focus();
  } else {
    action(event);
  }
});

document.querySelector('[role=tablist]').addEventListener('keydown', (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by) {
    const at = TABS.indexOf(event.target.dataset.tab);
    const tab = TABS[(at + by + TABS.length) % TABS.length];
    byId(`tab-${tab}`).focus();
    go({ tab });
  }
});
document.querySelectorAll('[data-tab]').forEach((tab) => tab.addEventListener('click', () => go({ tab: tab.dataset.tab })));
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('input', () => {
  go(Object.fromEntries(FIELDS.map((field) => [field, form.elements[field].value])), false);
});
byId('show-keys').addEventListener('click', () => byId('keys').showModal());
byId('clear').addEventListener('click', () => {
  byId('confirm-clear').returnValue = '';
  byId('confirm-clear').showModal();
});
byId('confirm-clear').addEventListener('close', () => byId('confirm-clear').returnValue === 'clear' && clear());
addEventListener('popstate', followAddress);
document.addEventListener('visibilitychange', follow);

followAddress();
follow();
