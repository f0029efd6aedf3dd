import type { Query, Statement, Value } from "./connection/statement.ts";

/** Rows that are looked at at a time. */
const LOOK = 2000;
/** Bytes of contents that one statement deletes, about. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A row as a walk's statement returns it: its key of two columns, and whether it is due. */
export type WalkedRow = [
  first: Uint8Array,
  second: Uint8Array | number,
  isDue: boolean,
  ...unknown[],
];

/**
 * Looks for due rows in the order of a table's key, a few at a time, again and
 * again. An index of what is due would cost each row that comes and goes.
 */
export class KeyWalk<Row extends WalkedRow> {
  readonly #query: Query;
  readonly #statement: Statement;
  readonly #start: readonly Value[];
  /** Key of the last row that was looked at. */
  #last: readonly Value[];

  /**
   * @param statement returns rows behind the key $1 and $2, $3 of them at most
   * @param start the key before all others
   */
  constructor(query: Query, statement: Statement, start: readonly Value[]) {
    this.#query = query;
    this.#statement = statement;
    this.#start = start;
    this.#last = start;
  }

  /**
   * Removes the next due rows.
   *
   * @param values the statement's values behind the first three
   * @param some returns those of the due rows that go now
   * @param remove returns how many it removed: another relay may have been faster
   * @returns how many were removed; 0 once no more are due
   */
  async remove(
    values: readonly Value[],
    some: (due: readonly Row[]) => readonly Row[],
    remove: (rows: readonly Row[]) => Promise<number>,
  ): Promise<number> {
    const wasStart = this.#last === this.#start;
    const removed = await this.#walkOn(values, some, remove);
    // What lies in front of where it went on may be due by now.
    return removed > 0 || wasStart
      ? removed
      : await this.#walkOn(values, some, remove);
  }

  async #walkOn(
    values: readonly Value[],
    some: (due: readonly Row[]) => readonly Row[],
    remove: (rows: readonly Row[]) => Promise<number>,
  ): Promise<number> {
    for (;;) {
      const rows = await this.#query<Row>(this.#statement, [
        ...this.#last,
        LOOK,
        ...values,
      ]);
      const due = rows.filter(([, , isDue]) => isDue);
      const going = some(due);
      // Those behind the last that goes are looked at again.
      const last = (going.length < due.length ? going : rows).at(-1);
      const isEnd = last === undefined ||
        going.length === due.length && rows.length < LOOK;
      this.#last = isEnd ? this.#start : [last[0], last[1]];
      const removed = going.length === 0 ? 0 : await remove(going);
      if (removed > 0) return removed;
      if (this.#last === this.#start) return 0;
    }
  }
}

/** As many rows as one statement may delete; each ends with the size of its content. */
export function firstOf<
  Row extends readonly [...unknown[], size: number],
>(rows: readonly Row[], most: number): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex((row) =>
    (bytes += row.at(-1) as number) > MOST_BYTES
  );
  return rows.slice(0, Math.min(most, end < 0 ? most : end + 1));
}
