/* The filter: function, outcome and database by what the page knows, text by the proxy's search. */

import { summaries } from './api.js';
import { short } from './store.js';

const AFTER_CALLS_MS = 300;
const AFTER_TYPING_MS = 150;
const AFTER_FAILURE_MS = 2_000;
const MOST_FOUND = 10_000;
const OVERLAP_MS = 1_000;

export class Filter {
  /** As the fields of the form name them. */
  values = { function: '', outcome: '', database: '', text: '' };

  #store;
  #changed;
  #failed;
  #found = new Set();
  #timer = 0;
  #search = null;
  #isDue = false;
  #generation = 0;
  #searchedUntil = null;

  /** `changed()` when other calls pass than before, `failed(error)` when a search has and is made again. */
  constructor(store, changed, failed) {
    this.#store = store;
    this.#changed = changed;
    this.#failed = failed;
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
    const part = short(name).toLowerCase();
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
    } else {
      this.#searchLater(AFTER_CALLS_MS);
    }
  }

  #searchAnew() {
    this.#search?.abort();
    this.#search = null;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#found = new Set();
    this.#searchedUntil = null;
    this.#searchLater(AFTER_TYPING_MS);
  }

  /** One search at a time: what comes while one is under way waits for its end. */
  #searchLater(ms) {
    this.#isDue = this.values.text !== '';
    if (this.#isDue && !this.#timer && !this.#search) {
      this.#timer = setTimeout(() => this.#searchNow(), ms);
    }
  }

  async #searchNow() {
    const search = new AbortController();
    this.#search = search;
    this.#timer = 0;
    this.#isDue = false;
    let pause = AFTER_CALLS_MS;
    try {
      await this.#read(search.signal);
    } catch (error) {
      if (!search.signal.aborted) {
        this.#failed(error);
        this.#searchedUntil = null; // what was missed is not known
        this.#isDue = true;
        pause = AFTER_FAILURE_MS;
      }
    }
    if (search === this.#search) {
      this.#search = null;
      if (this.#isDue) {
        this.#searchLater(pause);
      }
    }
  }

  /** Reads all at first, then until a page brings nothing new. */
  async #read(signal) {
    const { text } = this.values;
    const since = this.#searchedUntil;
    const settled = this.#store.find(this.#store.settled());
    let before = null;
    for (let count = 0, isNew = true; isNew && count < MOST_FOUND; ) {
      const page = await summaries({ text, before, since }, signal);
      signal.throwIfAborted();
      isNew = page.some((call) => since === null || !this.#found.has(call.id));
      page.forEach((call) => {
        this.#found.add(call.id);
        this.#store.put(call);
      });
      count += page.length;
      before = page.at(-1)?.id;
      this.apply();
    }
    if (settled) {
      this.#searchedUntil = new Date(Date.parse(settled.started_at) - OVERLAP_MS).toISOString();
    }
  }
}
