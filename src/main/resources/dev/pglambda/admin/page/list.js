/* The list of calls: only the rows that can be seen are in the document. */

import { badge, bytes, clock, el, millis, visible } from './dom.js';

const ROW_HEIGHT = 52; // as in style.css
const SPARE_ROWS = 6;

export class CallList {
  #box;
  #store;
  #nearEnd;
  #space = el('div', { class: 'space', role: 'presentation' });
  #slots = [];
  #isDue = false;
  #anchor = null;
  active = null;

  /** `open(id)` when a call is chosen, `nearEnd()` when the oldest are about to be seen. */
  constructor(box, store, open, nearEnd) {
    this.#box = box;
    this.#store = store;
    this.#nearEnd = nearEnd;
    box.append(this.#space);
    box.addEventListener('scroll', () => {
      this.#remember();
      this.render();
    });
    new ResizeObserver(() => this.render()).observe(box);
    box.addEventListener('click', (event) => {
      const row = event.target.closest('.row');
      if (row) {
        open(row.call.id);
      }
    });
  }

  /** Draws with the next frame, however often it is asked to. */
  render() {
    if (!this.#isDue) {
      this.#isDue = true;
      requestAnimationFrame(() => {
        this.#isDue = false;
        this.#draw();
      });
    }
  }

  /** From the top, after another filter. */
  toTop() {
    this.#anchor = null;
    this.#box.scrollTop = 0;
    this.render();
  }

  /** Makes another call the active one; its number, or null if there are none. */
  move(by) {
    const count = this.#store.shown.length;
    if (count === 0) {
      return null;
    }
    const from = this.active === null ? (by > 0 ? -1 : 0) : this.#store.rowOf(this.active);
    const index = Math.min(count - 1, Math.max(0, from + by));
    this.activate(this.#store.row(index).id);
    return this.active;
  }

  activate(id) {
    this.active = id;
    const index = id === null ? -1 : this.#store.rowOf(id);
    if (index >= 0 && this.#store.row(index)?.id === id) {
      const top = index * ROW_HEIGHT;
      const bottom = top + ROW_HEIGHT - this.#box.clientHeight;
      this.#space.style.height = `${this.#store.shown.length * ROW_HEIGHT}px`;
      this.#box.scrollTop = Math.max(bottom, Math.min(top, this.#box.scrollTop));
      this.#remember();
    }
    this.render();
  }

  /** What is at the top stays there when newer calls come, unless it is the top of all. */
  #remember() {
    const top = this.#box.scrollTop;
    const index = Math.floor(top / ROW_HEIGHT);
    const call = top < ROW_HEIGHT / 2 ? null : this.#store.row(index);
    this.#anchor = call ? { id: call.id, index } : null;
  }

  #draw() {
    const count = this.#store.shown.length;
    this.#space.style.height = `${count * ROW_HEIGHT}px`;
    if (this.#anchor) {
      const index = Math.max(0, this.#store.rowOf(this.#anchor.id));
      if (index !== this.#anchor.index) {
        this.#box.scrollTop += (index - this.#anchor.index) * ROW_HEIGHT;
        this.#anchor.index = index;
      }
    }
    const first = Math.max(0, Math.floor(this.#box.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(count, Math.ceil((this.#box.scrollTop + this.#box.clientHeight) / ROW_HEIGHT) + SPARE_ROWS);
    for (let i = first; i < last; i++) {
      this.#drawRow(this.#slot(i - first), i, count);
    }
    this.#slots.splice(Math.max(0, last - first)).forEach((row) => row.remove());
    const hasActive = this.#slots.some((row) => row.call.id === this.active);
    if (hasActive) {
      this.#box.setAttribute('aria-activedescendant', `call-${this.active}`);
    } else {
      this.#box.removeAttribute('aria-activedescendant');
    }
    if (last === count) {
      this.#nearEnd();
    }
  }

  #slot(number) {
    if (!this.#slots[number]) {
      this.#slots[number] = el('div', { class: 'row', role: 'option' });
      this.#space.append(this.#slots[number]);
    }
    return this.#slots[number];
  }

  #drawRow(row, index, count) {
    const call = this.#store.row(index);
    row.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
    row.setAttribute('aria-posinset', index + 1);
    row.setAttribute('aria-setsize', count);
    row.setAttribute('aria-selected', call.id === this.active);
    if (row.call !== call) {
      row.call = call;
      row.id = `call-${call.id}`;
      row.dataset.outcome = call.outcome;
      row.replaceChildren(...content(call));
    }
  }
}

function content(call) {
  const size = bytes(call.payload_bytes);
  const facts = [call.invocation_type, size, call.database].filter(Boolean);
  return [
    el('span', { class: 'badge' }, badge(call)),
    el('span', { class: 'name' }, call.function_name ? visible(call.function_name) : 'NULL'),
    el('span', { class: 'duration' }, call.outcome === 'pending' ? '…' : millis(call.duration_ms)),
    el('time', { datetime: call.started_at, title: call.started_at }, clock(call.started_at)),
    el(
      'span',
      { class: 'more' },
      call.replay_of ? el('span', { class: 'again', title: `replay of #${call.replay_of}` }, '↻ ') : null,
      el('span', { class: 'facts' }, visible(facts.join(' · '))),
      ' ',
      el('span', { class: 'words' }, visible((call.message || call.statement).replace(/\s+/g, ' '))),
    ),
  ];
}
