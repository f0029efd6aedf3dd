/**
 * The client as a module: a {@linkcode Session} does what a user can do.
 *
 * @example
 * ```ts no-eval
 * import { RelayLink, Session } from "@messageu/messageu/client";
 *
 * const relay = { hostname: "127.0.0.1", port: 1357 };
 * const session = new Session("alice", new RelayLink(async () => relay));
 * await session.register("alice");
 * console.log(await session.clients());
 * ```
 *
 * @module
 */

export type { Progress } from "./connection.ts";
export { ConnectionError, ServerRefusedError, UserError } from "./errors.ts";
export type { Identity } from "./identity.ts";
export { RelayLink } from "./relay_link.ts";
export {
  type PullEvents,
  type ReceivedContent,
  type ReceivedMessage,
  Session,
} from "./session.ts";
export type { Address } from "../shared/info_server.ts";
export type { ListedClient } from "../shared/responses.ts";
export type { SendMessage } from "../shared/requests.ts";
export type { ClientId, MessageType } from "../shared/protocol.ts";
