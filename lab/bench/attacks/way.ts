import { closeConn } from "../../../kit/close_conn.ts";
import { connect } from "node:net";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";

/**
 * Passes connections on to a relay from an address of its own, since the
 * runtime's TLS can't choose one.
 */
export class Way implements Disposable {
  /** What a client connects with in place of the relay's line. */
  readonly line: RelayLine;
  readonly #listener: Deno.TcpListener;
  readonly #from: string;
  readonly #relay: RelayLine;

  /** Begins to pass on. @param from an address of this machine */
  constructor(from: string, relay: RelayLine) {
    const hostname = "127.0.0.1";
    this.#listener = Deno.listen({ hostname, port: 0 });
    this.#from = from;
    this.#relay = relay;
    this.line = { hostname, port: this.#listener.addr.port, key: relay.key };
    this.#accept();
  }

  /** Accepts no more connections. */
  [Symbol.dispose](): void {
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) this.#pass(conn);
  }

  #pass(conn: Deno.TcpConn): void {
    const { hostname: host, port } = this.#relay;
    const out = connect({ host, port, localAddress: this.#from });
    out.setNoDelay(true);
    conn.setNoDelay(true);
    out.on("data", (data) => conn.write(data).catch(() => out.destroy()));
    out.on("close", () => closeConn(conn));
    // Its close follows.
    out.on("error", () => {});
    const send = async () => {
      for await (const part of conn.readable) out.write(part);
      out.end();
    };
    send().catch(() => out.destroy());
  }
}
