/**
 * The relay as a module, to start one within another program.
 *
 * @example
 * ```ts
 * import { openSqliteStore, startRelay } from "@messageu/messageu/relay";
 *
 * const dir = await Deno.makeTempDir();
 * const store = await openSqliteStore(`${dir}/db.defensive`);
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const relay = startRelay({ listener, store });
 * console.log(`listening on port ${relay.address.port}`);
 *
 * await relay.close();
 * await store.close();
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @module
 */

export {
  type Relay,
  type RelayOptions,
  type SecureOptions,
  startRelay,
} from "./relay.ts";
export type { RelayCounters } from "./relay/relay_counters.ts";
export type { ConnectionRefusal, RequestRefusal } from "./relay/refusal.ts";
export type {
  Outcome,
  RequestWatch,
  SeenRequest,
  Watcher,
} from "./relay/watcher.ts";
export { Histogram } from "./telemetry/histogram.ts";
export { CommitFigures } from "./store/commit_figures.ts";
export { defaultLimits, type Limits } from "./relay/limits/limits.ts";
export {
  openSqliteStore,
  type SqliteOptions,
  type SqliteStore,
} from "./store/sqlite/sqlite.ts";
export type { ReadyOptions, TakeOver } from "./store/sqlite/file/ready_file.ts";
export { openStore } from "./store/store_kinds.ts";
export type { OpenOptions } from "./store/store_kind.ts";
export type {
  ClaimedPackages,
  DeviceState,
  LegacySendingResult,
  Mail,
  MailBatch,
  NewLegacySending,
  NewPackage,
  NewProfile,
  NewSending,
  SecureAccount,
  SecureStore,
  SendingOutcome,
  SendingResult,
  StoredDevice,
  StoredRecord,
} from "./store/secure_store.ts";
export {
  generateSigningKey,
  seedOf,
  type SigningKey,
  signingKeyOf,
} from "../shared/secure/ed25519.ts";
export {
  type RelayCredentials,
  relayCredentials,
} from "../shared/secure/relay_certificate.ts";
export {
  formatRelayLine,
  type RelayLine,
} from "../shared/secure/relay_line.ts";
export { MemoryStore } from "./store/memory/memory.ts";
export type { IdRun } from "./store/id_runs.ts";
export {
  type Budget,
  type HandedOut,
  type ListedClient,
  MessageGoneError,
  type NewClient,
  type NewMessage,
  OutcomeUnknownError,
  type Quota,
  type Requester,
  type SendRefusal,
  type SendResult,
  type Store,
  StoreBrokenError,
  StoreDamagedError,
  type StoredMessage,
  StoreError,
} from "./store/store.ts";
export type {
  ClientId,
  MessageId,
  MessageType,
} from "../shared/wire/protocol.ts";
