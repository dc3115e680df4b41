/* The filter: function, outcome and database by what the page knows, text by the proxy's search. */

import { summaries } from './api.js';

const AFTER_CALLS_MS = 300;
const AFTER_TYPING_MS = 150;
const MOST_FOUND = 10_000;
const OVERLAP_MS = 1_000;

export class Filter {
  /** As the fields of the form name them. */
  values = { function: '', outcome: '', database: '', text: '' };

  #store;
  #changed;
  #found = new Set();
  #timer = 0;
  #search = 0;
  #generation = 0;
  #searchedUntil = null;

  /** `changed()` when other calls pass than before. */
  constructor(store, changed) {
    this.#store = store;
    this.#changed = changed;
  }

  isEmpty() {
    return Object.values(this.values).every((value) => value === '');
  }

  set(values) {
    const isOtherText = values.text !== this.values.text;
    this.values = values;
    if (isOtherText) {
      this.#searchAnew();
    }
    this.apply();
  }

  apply() {
    const { function: name, outcome, database, text } = this.values;
    const words = text.toLowerCase();
    const part = name.toLowerCase();
    const isFailure = (call) => call.outcome !== 'ok' && call.outcome !== 'pending';
    const has = (field) => field.toLowerCase().includes(words);
    this.#store.filter(
      (call) =>
        (part === '' || call.function_name.toLowerCase().includes(part)) &&
        (outcome === '' || (outcome === 'failed' ? isFailure(call) : call.outcome === outcome)) &&
        (database === '' || call.database === database) &&
        (words === '' || this.#found.has(call.id) || has(call.function_name) || has(call.statement) || has(call.message)),
    );
    this.#changed();
  }

  /** Payloads are with the proxy: it is asked for those of new calls, too. */
  callsChanged() {
    if (this.#generation !== this.#store.generation) {
      this.#generation = this.#store.generation;
      this.#searchAnew();
      this.apply();
    } else if (this.values.text !== '') {
      this.#later(AFTER_CALLS_MS, 1);
    }
  }

  #searchAnew() {
    this.#search++; // what is under way comes too late
    this.#found = new Set();
    this.#searchedUntil = null;
    this.#later(AFTER_TYPING_MS, MOST_FOUND);
  }

  #later(ms, most) {
    if (most === 1 && this.#timer) {
      return; // a search is due already
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#read(most).catch(() => {});
    }, ms);
  }

  async #read(most) {
    const { text } = this.values;
    const search = this.#search;
    const since = this.#searchedUntil;
    const settled = this.#store.find(this.#store.settled());
    let before = null;
    for (let count = 0; text !== '' && count < most; ) {
      const page = await summaries({ text, before, since });
      if (search !== this.#search) {
        return;
      }
      if (settled) {
        this.#searchedUntil = new Date(Date.parse(settled.started_at) - OVERLAP_MS).toISOString();
      }
      if (page.length === 0) {
        return;
      }
      page.forEach((call) => {
        this.#found.add(call.id);
        this.#store.put(call);
      });
      count += page.length;
      before = page.at(-1).id;
      this.apply();
    }
  }
}
