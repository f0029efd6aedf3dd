import { type Address, formatAddress } from "../../shared/folder/info_files.ts";
import type { SigningKey } from "../../shared/secure/ed25519.ts";
import {
  RELAY_HOST_NAME,
  relayCredentials,
  trustAnchor,
} from "../../shared/secure/relay_certificate.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { writeAll } from "../../shared/folder/durable_files.ts";
import { closeConn } from "../close_conn.ts";
import type { Direction } from "../dissect/dissector.ts";
import { Conversation } from "../dissect/conversation.ts";
import { Names } from "../dissect/names.ts";
import type { Watcher } from "./proxy.ts";

/** Size in bytes of a read. */
const READ_SIZE = 64 * 1024;

/**
 * Ends TLS towards clients with the relay's own key, opens a connection of its
 * own to the relay for each of theirs, and reports the frames between them. It
 * can do so only because it holds the relay's key: to clients it is the relay.
 */
export class SecureProxy {
  readonly #relay: Address;
  readonly #key: SigningKey;
  readonly #watcher: Watcher;
  readonly #open = new Set<Deno.Conn>();
  readonly #serving = new Set<Promise<void>>();
  readonly #names = new Names();
  #listener: Deno.TlsListener | undefined;
  #count = 0;

  /**
   * @param relay the address of the relay's secure port
   * @param key the relay's key, with its private half
   */
  constructor(relay: Address, key: SigningKey, watcher: Watcher) {
    this.#relay = relay;
    this.#key = key;
    this.#watcher = watcher;
  }

  /** Number of connections so far. */
  get connections(): number {
    return this.#count;
  }

  /**
   * Starts to listen.
   *
   * @returns the port
   * @throws {Error} if it fails
   */
  async listen({ hostname, port }: Address): Promise<number> {
    const credentials = await relayCredentials(this.#key);
    const listener = Deno.listenTls({ hostname, port, ...credentials });
    this.#listener = listener;
    this.#follow(this.#accept(listener));
    return (listener.addr as Deno.NetAddr).port;
  }

  /** Stops listening and ends all connections. */
  async close(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    for (const conn of this.#open) closeConn(conn);
    await Promise.all(this.#serving);
  }

  #follow(work: Promise<void>): void {
    this.#serving.add(work);
    work.finally(() => this.#serving.delete(work));
  }

  async #accept(listener: Deno.TlsListener): Promise<void> {
    while (this.#listener === listener) {
      try {
        this.#follow(this.#serve(await listener.accept()));
      } catch {
        // The listener was closed, or a connection broke before it was accepted.
      }
    }
  }

  async #serve(near: Deno.TlsConn): Promise<void> {
    const number = ++this.#count;
    using _near = this.#held(near);
    this.#watcher.connection(
      number,
      formatAddress(near.remoteAddr as Deno.NetAddr),
      formatAddress(this.#relay),
    );
    let far: Deno.TlsConn;
    try {
      await near.handshake();
      far = await this.#connect();
    } catch (error) {
      this.#watcher.unreachable(number, reasonOf(error));
      return;
    }
    using _far = this.#held(far);
    const conversation = new Conversation(this.#names);
    await Promise.all([
      this.#pass(number, conversation, "request", near, far),
      this.#pass(number, conversation, "answer", far, near),
    ]);
  }

  async #connect(): Promise<Deno.TlsConn> {
    const { hostname, port } = this.#relay;
    const tcp = await Deno.connect({ hostname, port });
    tcp.setNoDelay(true);
    const conn = await Deno.startTls(tcp, {
      hostname: RELAY_HOST_NAME,
      caCerts: [trustAnchor(this.#key.publicKey)],
    });
    try {
      await conn.handshake();
      return conn;
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  #held(conn: Deno.Conn): Disposable {
    this.#open.add(conn);
    return {
      [Symbol.dispose]: () => {
        this.#open.delete(conn);
        closeConn(conn);
      },
    };
  }

  /** Passes one direction on until it ends, or the connection breaks. */
  async #pass(
    number: number,
    conversation: Conversation,
    direction: Direction,
    from: Deno.TlsConn,
    to: Deno.TlsConn,
  ): Promise<void> {
    const into = new Uint8Array(READ_SIZE);
    let isReset = false;
    try {
      for (let size; (size = await from.read(into)) !== null;) {
        const bytes = into.slice(0, size);
        // Forwards before reporting, which may take time.
        await writeAll(to, bytes);
        for (const finding of conversation.push(direction, bytes)) {
          this.#watcher.finding(number, finding);
        }
      }
      await to.closeWrite();
    } catch {
      // One side broke: the other has to know.
      isReset = true;
      for (const conn of [from, to]) closeConn(conn);
    }
    for (const finding of conversation.end(direction, isReset)) {
      this.#watcher.finding(number, finding);
    }
  }
}
