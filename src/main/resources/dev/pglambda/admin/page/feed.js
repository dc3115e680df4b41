/* Keeps the store up to date: pages of the journal, then what the proxy tells. */

import { api, summaries } from './api.js';
import { MOST_CALLS } from './store.js';

const LOADED_AT_ONCE = 10_000;
const RETRY_MS = 2_000;

export class Feed {
  #store;
  #changed;
  #connection;
  #source = null;
  #turn = null; // what reads now: what began before has nothing to say any more
  #timer = 0;
  #journal = null; // which one was read: of which run of the proxy, after which clear
  #isWhole = false; // nothing is missing before what is told
  #known = 0; // while something is: all calls up to this one are known, and have ended
  #oldest = null; // older ones were not read, but for what a search has found
  #isAtEnd = false;
  #isLoading = false;

  /** `changed(id)` after each change, `connection(state)` when it is made or lost. */
  constructor(store, changed, connection) {
    this.#store = store;
    this.#changed = changed;
    this.#connection = connection;
  }

  connect() {
    this.disconnect();
    const source = new EventSource('/api/events');
    this.#source = source;
    source.onopen = () => {
      this.#connection('connected');
      this.#catchUp(source).catch(() => this.#connectLater(source));
    };
    source.onerror = () => {
      source.close(); // the browser would not come again after some answers
      this.#lost();
      this.#connection('reconnecting');
      this.#catchUp(source)
        .catch(() => {})
        .then(() => this.#connectLater(source));
    };
    source.addEventListener('invocation', (event) => {
      const call = JSON.parse(event.data);
      this.#store.put(call);
      this.#changed(call.id);
    });
    source.addEventListener('cleared', () => {
      this.#store.retain((call) => call.outcome === 'pending');
      this.#changed(null);
    });
  }

  disconnect() {
    this.#lost();
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#turn = null;
  }

  #lost() {
    if (this.#isWhole) {
      this.#isWhole = false;
      this.#known = this.#store.settled();
    }
  }

  #connectLater(source) {
    if (source === this.#source) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.connect(), RETRY_MS);
    }
  }

  /** Reads what has happened while nothing was told, and at first what was before; without a stream, too. */
  async #catchUp(source) {
    const turn = {};
    this.#turn = turn;
    const { started_at: startedAt, clears } = await api('/api/status');
    const journal = `${startedAt} ${clears}`;
    if (turn !== this.#turn) {
      return;
    }
    if (journal !== this.#journal) {
      this.#journal = journal;
      this.#known = 0;
      this.#oldest = null;
      this.#store.retain(() => false); // another run of the proxy counts from 1 again
    }
    const pending = this.#store.all.filter((call) => call.outcome === 'pending');
    const gone = new Set(pending.map((call) => call.id));
    let from = Infinity;
    let isAtEnd = false;
    for (let count = 0; count < LOADED_AT_ONCE && from > this.#known && !isAtEnd; ) {
      const page = await this.#page(from);
      if (turn !== this.#turn) {
        return;
      }
      if (page === null) {
        await this.#catchUp(source);
        return;
      }
      page.forEach((call) => gone.delete(call.id));
      count += page.length;
      from = page.at(-1)?.id ?? from;
      isAtEnd = page.length === 0;
    }
    this.#caughtUp(source, from, isAtEnd, gone);
  }

  /** All calls are known from this one on; `gone` are those that were pending and are not kept any more. */
  #caughtUp(source, from, isAtEnd, gone) {
    const hasHole = !isAtEnd && from > this.#known;
    if (gone.size > 0 || (hasHole && this.#store.all[0].id < from)) {
      this.#store.retain((call) => !gone.has(call.id) && !(hasHole && call.id < from));
      this.#changed(null);
    }
    if (hasHole || this.#oldest === null) {
      this.#oldest = from;
      this.#isAtEnd = isAtEnd;
    }
    this.#known = this.#store.settled();
    this.#isWhole = source.readyState === EventSource.OPEN;
  }

  /** Reads what is older than all that was read, if there is any. */
  async loadOlder() {
    if (this.#isLoading || this.#isAtEnd || this.#oldest === null || this.#store.all.length >= MOST_CALLS - 1000) {
      return;
    }
    this.#isLoading = true;
    try {
      const page = await this.#page(this.#oldest);
      if (page !== null) {
        this.#oldest = page.at(-1)?.id ?? this.#oldest;
        this.#isAtEnd = page.length === 0;
      }
    } catch {
      // Who scrolls on asks again.
    } finally {
      this.#isLoading = false;
    }
  }

  /** The calls before this one; null if calls were forgotten meanwhile, perhaps these. */
  async #page(before) {
    const { generation } = this.#store;
    const page = await summaries({ before: before === Infinity ? null : before });
    if (generation !== this.#store.generation) {
      return null;
    }
    page.forEach((call) => this.#store.put(call));
    this.#changed(null);
    return page;
  }
}
