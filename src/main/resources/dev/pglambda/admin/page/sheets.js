/* The views beside the calls: functions and routes, and sessions. */

import { api } from './api.js';
import { clock, cut, el, millis, svg, visible } from './dom.js';

const EVERY_MS = 2_000;
const BAR = 6;
const HEIGHT = 24;

/** Reads again every two seconds while it is looked at. */
class Sheet {
  #node;
  #path;
  #draw;
  #timer = 0;
  #isShown = false;
  #drawn = '';

  constructor(node, path, draw) {
    this.#node = node;
    this.#path = path;
    this.#draw = draw;
  }

  show(isShown) {
    if (isShown === this.#isShown) {
      return;
    }
    this.#isShown = isShown;
    this.#node.hidden = !isShown;
    clearTimeout(this.#timer);
    if (isShown) {
      this.#read();
    }
  }

  async #read() {
    try {
      if (!document.hidden) {
        const news = await api(this.#path);
        if (this.#drawn !== JSON.stringify(news)) {
          this.#drawn = JSON.stringify(news); // else what the reader has selected stays so
          this.#replace(this.#draw(news));
        }
      }
    } catch (error) {
      this.#drawn = '';
      this.#replace([el('p', { class: 'empty', role: 'alert' }, error.message)]);
    }
    clearTimeout(this.#timer);
    if (this.#isShown) {
      this.#timer = setTimeout(() => this.#read(), EVERY_MS);
    }
  }

  /** Keeps what the reader has opened, and the focus. */
  #replace(nodes) {
    const opened = new Set([...this.#node.querySelectorAll('details[open]')].map((each) => each.dataset.key));
    const focused = document.activeElement?.dataset?.key;
    this.#node.replaceChildren(...nodes);
    this.#node.querySelectorAll('[data-key]').forEach((each) => {
      each.open = opened.has(each.dataset.key);
      if (each.dataset.key === focused) {
        (each.querySelector('summary') ?? each).focus();
      }
    });
  }
}

const name = (text) => el('bdi', {}, visible(cut(text, 200)));

/** A table that scrolls by itself where it is too wide. */
function table(caption, heads, rows) {
  return el(
    'div',
    { class: 'wide' },
    el(
      'table',
      {},
      el('caption', {}, caption),
      el('thead', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col' }, head)))),
      el('tbody', {}, rows.map((cells) => el('tr', {}, cells.map((cell) => el('td', {}, cell))))),
    ),
  );
}

/** Calls of the last minutes, one bar each, failures in red at its foot. */
export function sparkline(minutes) {
  const most = Math.max(1, ...minutes.map((minute) => minute.calls));
  const bar = (i, kind, count) => {
    const height = (HEIGHT * count) / most;
    return svg('rect', { x: i * BAR, y: HEIGHT - height, width: BAR - 1, height, class: kind });
  };
  return svg(
    'svg',
    {
      class: 'sparkline',
      role: 'img',
      viewBox: `0 0 ${BAR * minutes.length} ${HEIGHT}`,
      width: BAR * minutes.length,
      height: HEIGHT,
      'aria-label': `calls per minute: ${minutes.map((minute) => minute.calls).join(', ')}`,
    },
    minutes.map((minute, i) => [bar(i, 'calls', minute.calls), bar(i, 'failures', minute.failures)]),
  );
}

/** `choose(name)` when the calls of a function are asked for. */
export function functionsSheet(node, choose) {
  const functionRow = (each) => [
    el('button', { class: 'link', onclick: () => choose(each.name), 'data-key': `f ${cut(each.name, 200)}` }, name(each.name)),
    String(each.calls),
    String(each.failures),
    `${(100 * each.error_rate).toFixed(1)} %`,
    millis(each.p50_ms),
    millis(each.p95_ms),
    sparkline(each.minutes ?? []),
  ];
  const routeRow = (route) => [
    name(route.pattern),
    name(route.target),
    String(route.processes || ''),
    String(route.busy || ''),
    String(route.queued || ''),
    route.output?.length
      ? el(
          'details',
          { 'data-key': `r ${route.pattern}` },
          el('summary', {}, `${route.output.length} lines`),
          el('pre', { class: 'block', dir: 'ltr' }, route.output.map((line) => [...visible(cut(line, 2_000)), '\n'])),
        )
      : '',
  ];
  return new Sheet(node, '/api/functions', ({ functions = [], routes = [], others }) => [
    functions.length
      ? table('Functions', ['Function', 'Calls', 'Failures', 'Error rate', 'p50', 'p95', 'Last minutes'], functions.map(functionRow))
      : el('p', { class: 'empty' }, 'No function was called yet.'),
    routes.length ? table('Routes', ['Pattern', 'Leads to', 'Processes', 'Busy', 'Queued', 'Output'], routes.map(routeRow)) : '',
    others ? el('p', { class: 'others' }, 'Other calls go to: ', name(others)) : '',
  ]);
}

export function sessionsSheet(node) {
  const row = (session) => [
    name(session.database ?? ''),
    name(session.role ?? ''),
    name(session.application_name ?? ''),
    name(session.client ?? ''),
    String(session.server_process ?? ''),
    session.since ? el('time', { datetime: session.since, title: session.since }, clock(session.since)) : '',
  ];
  return new Sheet(node, '/api/sessions', ({ sessions = [] }) => [
    sessions.length
      ? table('Sessions', ['Database', 'Role', 'Application', 'Client', 'Server process', 'Since'], sessions.map(row))
      : el('p', { class: 'empty' }, 'Nobody is connected.'),
  ]);
}
