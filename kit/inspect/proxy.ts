import { connect, createServer, type Server, type Socket } from "node:net";
import { type Address, formatAddress } from "../../shared/folder/info_files.ts";
import type { Direction } from "../dissect/dissector.ts";
import { Conversation, type Finding } from "../dissect/conversation.ts";
import { Names } from "../dissect/names.ts";
import { reasonOf } from "../../shared/cli/reason.ts";

/** Receives the events of a proxy. */
export interface Watcher {
  /** A client connected; connections are numbered from 1. */
  connection(number: number, client: string, relay: string): void;
  /** A finding in one direction of a connection. */
  finding(number: number, finding: Finding): void;
  /** The relay couldn't be reached for a connection. */
  unreachable(number: number, reason: string): void;
}

/**
 * Forwards bytes, ends and resets between clients and a relay, unchanged and at
 * once, and reports the frames. Uses `node:net`, which can make resets.
 */
export class Proxy {
  readonly #relay: Address;
  readonly #watcher: Watcher;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  /** Names of the relay's clients. */
  readonly #names = new Names();
  #count = 0;

  /** @param relay the address of the relay */
  constructor(relay: Address, watcher: Watcher) {
    this.#relay = relay;
    this.#watcher = watcher;
    this.#server = createServer(
      { allowHalfOpen: true, noDelay: true },
      (near) => this.#serve(near),
    );
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
  listen({ hostname, port }: Address): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, hostname, () => {
        const address = this.#server.address();
        if (address === null || typeof address === "string") return;
        resolve(address.port);
      });
    });
  }

  /** Stops listening and ends all connections. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) =>
      this.#server.close(() => resolve())
    );
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #serve(near: Socket): void {
    const number = ++this.#count;
    const { hostname: host, port } = this.#relay;
    const far = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const client = {
      hostname: near.remoteAddress ?? "",
      port: near.remotePort ?? 0,
    };
    this.#watcher.connection(
      number,
      formatAddress(client),
      formatAddress(this.#relay),
    );
    for (const socket of [near, far]) {
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
    }
    const refused = (error: Error) => {
      this.#watcher.unreachable(number, reasonOf(error));
      near.resetAndDestroy();
    };
    const gone = () => far.destroy();
    far.once("error", refused);
    near.once("error", gone);
    far.once("connect", () => {
      far.off("error", refused);
      near.off("error", gone);
      const conversation = new Conversation(this.#names);
      this.#pass(number, conversation, "request", near, far);
      this.#pass(number, conversation, "answer", far, near);
    });
  }

  #pass(
    number: number,
    conversation: Conversation,
    direction: Direction,
    from: Socket,
    to: Socket,
  ): void {
    const tell = (findings: readonly Finding[]) => {
      for (const finding of findings) this.#watcher.finding(number, finding);
    };
    let hasEnded = false;
    const end = (isReset: boolean) => {
      // A reset may follow an end; one of them is reported.
      if (!hasEnded) tell(conversation.end(direction, isReset));
      hasEnded = true;
    };
    from.on("data", (bytes: Uint8Array) => {
      // Forwards before reporting, which may take time.
      if (!to.write(bytes)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
      tell(conversation.push(direction, bytes));
    });
    from.on("end", () => {
      to.end();
      end(false);
    });
    from.on("error", () => {
      to.resetAndDestroy();
      end(true);
    });
  }
}
