import type { Account } from "./connection_limit.ts";

/** One in so many connections is found by one search. */
const PART = 64;

/** A connection that may have to make room. */
export interface Silent {
  readonly account: Account;
  /** Rises with each sign of life, among all connections. */
  readonly heard: number;
  /** Whether it is the client that is waited for. */
  readonly awaitsClient: boolean;
}

/**
 * Chooses the connection that makes room for a newcomer: of the address that
 * has most, the one that has been silent for longest.
 */
export class SilentConnections<C extends Silent> {
  readonly #open: ReadonlyMap<C, unknown>;
  /** By address, or of all under this; the next one comes last. */
  readonly #found = new WeakMap<object, [C, heard: number][]>();

  /** @param open all connections */
  constructor(open: ReadonlyMap<C, unknown>) {
    this.#open = open;
  }

  /** Whether a connection can make room. */
  get hasAny(): boolean {
    return this.#open.keys().some(({ awaitsClient }) => awaitsClient);
  }

  /**
   * The connection that makes room.
   *
   * @param account the only address in question. Default: the one that has most
   * @returns undefined where no connection waits for its client
   */
  next(account?: Account): C | undefined {
    return this.#take(account) ?? this.#take(account, this.#search(account));
  }

  #take(
    account: Account | undefined,
    found: [C, heard: number][] = this.#found.get(account ?? this) ?? [],
  ): C | undefined {
    let taken: C | undefined;
    while (taken === undefined && found.length > 0) {
      const [connection, heard] = found.pop() ?? [];
      const isSilent = connection?.heard === heard && connection?.awaitsClient;
      if (isSilent && this.#open.has(connection)) taken = connection;
    }
    this.#found.set(account ?? this, found);
    return taken;
  }

  /** As many as taking the next one again and again would find. */
  #search(only: Account | undefined): [C, heard: number][] {
    const byAccount = new Map<Account, C[]>();
    let count = 0;
    for (const connection of this.#open.keys()) {
      const { account, awaitsClient } = connection;
      if (only !== undefined && account !== only || !awaitsClient) continue;
      count++;
      const others = byAccount.get(account);
      if (others === undefined) byAccount.set(account, [connection]);
      else others.push(connection);
    }
    const most = Math.max(1, Math.floor(count / PART));
    const lines = [...byAccount.values()];
    const level = levelThatFrees(lines.map(({ length }) => length), most);
    const silentFirst = (a: C, b: C) => a.heard - b.heard;
    return lines.flatMap((line) =>
      line.sort(silentFirst).slice(0, Math.max(0, line.length - level))
    ).sort(silentFirst).slice(0, most).reverse()
      .map((connection) => [connection, connection.heard]);
  }
}

/** How many connections each address may keep, at most, so that so many go. */
function levelThatFrees(counts: readonly number[], wanted: number): number {
  const largest = counts.toSorted((a, b) => b - a);
  let level = largest[0] ?? 0;
  for (let freed = 0, above = 0; level > 0 && freed < wanted; level--) {
    while ((largest[above] ?? 0) >= level) above++;
    freed += above;
  }
  return level;
}
