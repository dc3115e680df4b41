/* Keeps the store up to date: pages of the journal, then what the proxy tells. */

import { api, summaries } from './api.js';
import { MOST_CALLS } from './store.js';

const FIRST_LOAD = 10_000;
const RETRY_MS = 2_000;

export class Feed {
  #store;
  #changed;
  #connection;
  #source = null;
  #startedAt = null;
  #isAtEnd = false;
  #isLoading = false;

  /** `changed(id)` after each change, `connection(state)` when it is made or lost. */
  constructor(store, changed, connection) {
    this.#store = store;
    this.#changed = changed;
    this.#connection = connection;
  }

  connect() {
    const source = new EventSource('/api/events');
    this.#source = source;
    source.onopen = () => {
      this.#connection('connected');
      this.#catchUp(source);
    };
    source.onerror = () => {
      this.#connection('reconnecting');
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(() => this.#retry(), RETRY_MS);
      }
    };
    source.addEventListener('invocation', (event) => {
      const call = JSON.parse(event.data);
      this.#store.put(call);
      this.#changed(call.id);
    });
    source.addEventListener('cleared', () => {
      this.#store.clear(false);
      this.#changed(null);
    });
  }

  /** A page that is kept for the way back would hold one of the browser's few connections. */
  disconnect() {
    this.#source?.close();
  }

  /** A browser gives up after some answers; asking first leads to the login if it is needed. */
  async #retry() {
    try {
      await api('/api/status');
      this.connect();
    } catch {
      setTimeout(() => this.#retry(), RETRY_MS);
    }
  }

  /** Reads what has happened while nothing was told, and at first what was before. */
  async #catchUp(source) {
    let known = this.#store.settled();
    try {
      const { started_at: startedAt } = await api('/api/status');
      if (startedAt !== this.#startedAt) {
        this.#startedAt = startedAt;
        this.#isAtEnd = false;
        this.#store.clear(true); // another run of the proxy counts from 1 again
        known = 0;
      }
      await this.#load(null, FIRST_LOAD, known);
    } catch {
      setTimeout(() => source.readyState === EventSource.OPEN && this.#catchUp(source), RETRY_MS);
    }
  }

  /** Reads what is older than all that is known, if there is any. */
  async loadOlder() {
    const oldest = this.#store.all[0]?.id;
    if (this.#isLoading || this.#isAtEnd || !oldest || this.#store.all.length >= MOST_CALLS - 1000) {
      return;
    }
    await this.#load(oldest, 1, 0).catch(() => {});
  }

  async #load(from, most, known) {
    this.#isLoading = true;
    try {
      const generation = this.#store.generation;
      let before = from;
      for (let count = 0; count < most; ) {
        const page = await summaries({ before });
        if (generation !== this.#store.generation) {
          return; // what was read may be forgotten already
        }
        page.forEach((call) => this.#store.put(call));
        this.#changed(null);
        if (page.length === 0) {
          this.#isAtEnd = true;
          return;
        }
        count += page.length;
        before = page.at(-1).id;
        if (before <= known) {
          return;
        }
      }
    } finally {
      this.#isLoading = false;
    }
  }
}
