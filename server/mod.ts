/**
 * The relay as a module: start one within a program of your own.
 *
 * @example
 * ```ts no-eval
 * import { openSqliteStore, startRelay } from "@messageu/messageu/relay";
 *
 * const store = openSqliteStore("db.defensive");
 * const relay = startRelay({ hostname: "127.0.0.1", port: 1357, store });
 * console.log(relay.address.port);
 * await relay.close();
 * await store.close();
 * ```
 *
 * @module
 */

export { type Relay, type RelayOptions, startRelay } from "./relay.ts";
export { openSqliteStore, type TakeOver } from "./store/sqlite.ts";
export {
  type Budget,
  type KnownClient,
  type NewClient,
  type NewMessage,
  type Store,
  type StoredMessage,
  StoreError,
} from "./store/store.ts";
export type { ClientId, MessageId, MessageType } from "../shared/protocol.ts";
