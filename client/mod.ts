/**
 * The client as a module: a {@linkcode Session} does what a user can do.
 *
 * @example
 * ```ts
 * import { RelayLink, Session } from "@messageu/messageu/client";
 * import { openSqliteStore, startRelay } from "@messageu/messageu/relay";
 * import { assertEquals } from "@std/assert";
 *
 * const dir = await Deno.makeTempDir();
 * const store = await openSqliteStore(`${dir}/db.defensive`);
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const relay = startRelay({ listener, store });
 *
 * const link = new RelayLink(() => Promise.resolve(relay.address));
 * using alice = new Session(`${dir}/alice`, link);
 * await alice.register("alice");
 * assertEquals(await alice.clients(), []);
 *
 * await relay.close();
 * await store.close();
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @module
 */

export type { Arriving, Progress } from "./link/connection.ts";
export {
  ConnectionError,
  type FailureCode,
  FolderError,
  KeyChangedError,
  NoConnectionError,
  NotRegisteredError,
  ServerRefusedError,
  UnknownContactError,
  UserError,
  VersionRefusedError,
} from "./errors.ts";
export type { Identity } from "./keys/identity.ts";
export {
  type OutgoingMessage,
  RelayLink,
  type StreamedContent,
} from "./link/relay_link.ts";
export type { Locate } from "./link/relays.ts";
export type { RetrieveEvents } from "./session/batch_work.ts";
export type {
  ContactSummary,
  Delivery,
  Explanation,
  Message,
  MessageKind,
  PublicKeyInfo,
} from "./session/message.ts";
export type { DeliverOptions } from "./session/outbox.ts";
export type { TrustOptions } from "./session/people.ts";
export { type PullEvents, Session, type Show } from "./session/session.ts";
export { Consumer, type ConsumerOptions } from "./store/consumers.ts";
export type { HistoryOptions, SearchOptions } from "./store/history.ts";
export type { Address } from "../shared/folder/info_server.ts";
export type { ListedClient } from "../shared/wire/requests.ts";
export type { ClientId, MessageType } from "../shared/wire/protocol.ts";
