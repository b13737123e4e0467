// A service in memory that triggers poll: with an index that lags, pages of any size, and records that come,
// change and go while a list is read. What `connector.triggers` calls, without the connector.

/** Numbers of a seed, from 0 to 1 ("mulberry32"). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const iso = (time) => new Date(time).toISOString();
const compare = (left, right) => (left < right ? -1 : left > right ? 1 : 0);

/** The records and the clock of a service. */
export class Model {
  /** Milliseconds since 1970. */
  now = Date.parse("2026-11-01T00:00:00Z");
  /** Records to a page; what is asked for, where this is more. */
  pageSize = 500;
  /** Milliseconds until a change is in lists: a function, asked for each. */
  lag = () => 0;
  /** Called before each page. */
  onPage = () => {};
  calls = 0;
  /** By id, the states that lists may show: each `{ from, state }`, a deleted one without a state. */
  #history = new Map();
  #count = 0;
  #present = new Set();

  create(fields = {}) {
    const id = `r${String((this.#count * 7_919) % 1_000_003).padStart(7, "0")}`;
    this.#count += 1;
    this.#history.set(id, []);
    this.#put(id, { id, created: this.now, updated: this.now, ...fields });
    return id;
  }

  update(id, fields = {}) {
    const before = this.get(id);
    if (before === undefined) return;
    // A service gives each change of a record a time of its own.
    const updated = Math.max(this.now, before.updated + 1);
    this.#put(id, { ...before, updated, ...fields });
  }

  remove(id) {
    this.#put(id, undefined);
  }

  /** A record as it is. */
  get(id) {
    return this.#history.get(id)?.at(-1)?.state;
  }

  ids() {
    return [...this.#present];
  }

  /** How many records there ever were. */
  get size() {
    return this.#history.size;
  }

  /** Every state that there was, with the time from which lists show it and the time until they do. */
  states() {
    return [...this.#history.values()].flatMap((states) =>
      states.flatMap(({ from, state }, index) =>
        state === undefined
          ? []
          : [{ state, from, until: states[index + 1]?.from ?? Number.POSITIVE_INFINITY }],
      ),
    );
  }

  /** The states that lists show now. */
  shown() {
    const shown = [];
    for (const states of this.#history.values()) {
      const state = states.findLast(({ from }) => from <= this.now)?.state;
      if (state !== undefined) shown.push(state);
    }
    return shown;
  }

  #put(id, state) {
    const states = this.#history.get(id);
    // An index never shows an older state after a newer one.
    const from = Math.max(this.now + this.lag(), states.at(-1)?.from ?? 0);
    states.push({ from, state });
    if (state === undefined) this.#present.delete(id);
    else this.#present.add(id);
  }

  /** What a connector's triggers call. */
  get caller() {
    const page = async (name, parameters, cursor) => {
      this.calls += 1;
      await this.onPage();
      return LISTS[name](this, parameters, cursor);
    };
    return { page, call: async (name, parameters) => LISTS[name](this, parameters), bytes: undefined };
  }
}

/** The first rows behind a place, and where the next page begins. */
function cut(rows, size, cursorOf) {
  const items = rows.slice(0, size);
  return { items, cursor: rows.length > size ? cursorOf(items.at(-1)) : null, total: null, missing: 0 };
}

const LISTS = {
  "ghl.contacts.search": (model, { filters, sort, searchAfter, pageLimit }, cursor) => {
    const [{ field, direction }] = sort;
    const time = field === "dateAdded" ? "created" : "updated";
    const place = (row) => [row[time], row.id];
    const after = cursor === null ? searchAfter : JSON.parse(cursor);
    const sign = direction === "asc" ? 1 : -1;
    const order = (left, right) => sign * (compare(left[0], right[0]) || compare(left[1], right[1]));
    const from = Date.parse(filters?.at(-1).value.gte ?? iso(0));
    const rows = model
      .shown()
      .filter((row) => row[time] >= from && (after === undefined || order(place(row), after) > 0))
      .sort((left, right) => order(place(left), place(right)));
    const page = cut(rows, Math.min(pageLimit, model.pageSize), (row) => JSON.stringify(place(row)));
    page.items = page.items.map((row) => ({
      id: row.id,
      name: row.name,
      dateAdded: iso(row.created),
      dateUpdated: iso(row.updated),
      searchAfter: place(row),
    }));
    return page;
  },
  "ghl.tasks.search": (model, { skip, limit }) => {
    const rows = model
      .shown()
      .sort((left, right) => right.created - left.created || compare(left.id, right.id))
      .slice(skip);
    const page = cut(rows, Math.min(limit, model.pageSize), () => "more");
    page.items = page.items.map((row) => ({
      _id: row.id,
      title: row.name,
      dateAdded: iso(row.created),
      dateUpdated: iso(row.updated),
    }));
    return page;
  },
  "ghl.conversations.search": (model, { sort, startAfterDate, limit }) => {
    const sign = sort === "asc" ? 1 : -1;
    const rows = model
      .shown()
      .filter((row) => startAfterDate === undefined || sign * (row.updated - startAfterDate) > 0)
      .sort((left, right) => sign * (left.updated - right.updated));
    const page = cut(rows, Math.min(limit, model.pageSize), () => "more");
    page.items = page.items.map((row) => ({
      id: row.id,
      dateAdded: row.created,
      lastMessageDate: row.updated,
    }));
    return page;
  },
  "chartmogul.tasks.list": (model, _, cursor) => {
    const place = (row) => `${String(row.created).padStart(16, "0")}&${row.id}`;
    const rows = model
      .shown()
      .sort((left, right) => compare(place(right), place(left)))
      .filter((row) => cursor === null || place(row) < cursor);
    const page = cut(rows, Math.min(200, model.pageSize), place);
    page.items = page.items.map((row) => ({
      task_uuid: row.id,
      task_details: row.name,
      created_at: iso(row.created),
      updated_at: iso(row.updated),
    }));
    return page;
  },
  /** By its own order, counted: a record that goes moves the others up. */
  "ghl.businesses.list": (model, _, cursor) => {
    const skip = Number(cursor ?? 0);
    const rows = model.shown().slice(skip);
    const page = cut(rows, Math.min(100, model.pageSize), () => "");
    if (page.cursor !== null) page.cursor = String(skip + page.items.length);
    page.items = page.items.map((row) => ({ id: row.id, name: row.name, changed: row.updated }));
    return page;
  },
  /** Sorted by a date that can lie far before the day on which a record appears. */
  "chartmogul.activities.list": (model, parameters, cursor) => {
    const sign = parameters.order === "-date" ? -1 : 1;
    const from = Date.parse(parameters["start-date"] ?? iso(0));
    const place = (row) => `${String(row.date).padStart(16, "0")}&${row.id}`;
    const rows = model
      .shown()
      .filter((row) => row.date >= from)
      .sort((left, right) => sign * compare(place(left), place(right)))
      .filter((row) => cursor === null || sign * compare(place(row), cursor) > 0);
    const page = cut(rows, Math.min(200, model.pageSize), place);
    page.items = page.items.map((row) => ({ uuid: row.id, type: row.type, date: iso(row.date) }));
    return page;
  },
};
