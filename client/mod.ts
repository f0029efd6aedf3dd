/**
 * The client as a module: a {@linkcode Session} is one user's client.
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
 * const link = new RelayLink(() => relay.address);
 * using alice = new Session(`${dir}/alice`, link);
 * await alice.register("alice");
 * assertEquals(await alice.contacts.fetch(), []);
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
  AlreadySentError,
  ConnectionError,
  type FailureCode,
  FolderError,
  KeyChangedError,
  NoConnectionError,
  NotRegisteredError,
  RelayKeyError,
  ServerRefusedError,
  UnknownContactError,
  UserError,
  VersionRefusedError,
} from "./errors.ts";
export type { Identity } from "./keys/identity.ts";
export { RelayLink } from "./link/relay_link.ts";
export { type OutgoingMessage, type StreamedContent } from "./link/upload.ts";
export type { Locate } from "./link/relays.ts";
export type {
  ContactSummary,
  Delivery,
  Explanation,
  Message,
  MessageDetails,
  MessageKind,
  MessageNumber,
} from "./store/message.ts";
export type {
  Contacts,
  PublicKeyInfo,
  TrustOptions,
} from "./session/contacts.ts";
export type { MessageToShow, ReceiveEvent } from "./session/receive_event.ts";
export type { DeliverOptions, Outbox } from "./session/outbox.ts";
export type { ContactSettings } from "./session/contact_settings.ts";
export type { History } from "./session/history.ts";
export type { ConversationSize } from "./store/deletions.ts";
export {
  type ReceiveOptions,
  Session,
  type SessionOptions,
} from "./session/session.ts";
export { Consumer, type ConsumerOptions } from "./store/consumers.ts";
export type {
  HistoryOptions,
  Messages,
  SearchOptions,
} from "./store/messages.ts";
export type { Address } from "../shared/folder/info_files.ts";
export type { ListedClient } from "../shared/wire/requests.ts";
export type { ClientId, MessageType } from "../shared/wire/protocol.ts";
