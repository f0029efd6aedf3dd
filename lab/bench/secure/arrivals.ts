import type { SecureIdentity } from "../../harness/secure/identity.ts";
import type { SecurePeer } from "../../harness/secure/peer.ts";
import {
  type DeviceId,
  MAX_FETCH_WAIT,
  REFUSAL_CODE,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import { frame, renew } from "./sends.ts";

/** Waits on one connection, and acknowledges what came. */
export class Reader {
  readonly #peer: SecurePeer;
  #acknowledged = 0 as Seq;
  #stopped = false;
  #arrived: (() => void) | undefined;

  /** Begins to wait. */
  constructor(peer: SecurePeer) {
    this.#peer = peer;
    this.#run().catch((error) => {
      // Closing the connection ends the wait.
      if (!this.#stopped) throw error;
    });
  }

  /** Resolves once the next message has arrived. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#arrived = resolve);
  }

  /** The connection is about to be closed. */
  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    for (;;) {
      const { messages } = await this.#peer.ask("fetch", {
        acknowledged: this.#acknowledged,
        wait: MAX_FETCH_WAIT,
        most: 64 * 1024,
      });
      const last = messages.at(-1);
      if (last === undefined) continue;
      this.#acknowledged = last.seq;
      this.#arrived?.();
    }
  }
}

/** Milliseconds between two messages: the acknowledgement is through by then. */
const PAUSE = 10;

/** Sends one message after the other; milliseconds from each write to its arrival. */
export async function measureArrivals(
  sender: SecurePeer,
  device: DeviceId,
  recipients: readonly { reader: Reader; identity: SecureIdentity }[],
  { messages }: { messages: number },
): Promise<number[]> {
  const times: number[] = [];
  for (let message = 0; message < messages; message++) {
    const to = recipients[Math.floor(Math.random() * recipients.length)];
    if (to === undefined) throw new Error("Expected a reader that waits");
    const bytes = frame({ device }, to.identity);
    renew(bytes);
    const arrival = to.reader.next();
    const start = performance.now();
    await sender.write(bytes);
    const { code } = await sender.take();
    if (code === REFUSAL_CODE) throw new Error("Expected a 4007");
    await arrival;
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return times;
}
