/** The relay with faults that a test switches on, one or several. */

import { MemoryStore, startRelay, type Store } from "../../server/mod.ts";
import { AlteredLine } from "./altered_line.ts";
import type { Fault, Seams } from "./fault.ts";
import { type FaultName, faults } from "./faults.ts";
import { aroundEach, type Listener } from "./line.ts";

/** A relay that listens, wrong or not. */
export interface WrongRelay extends AsyncDisposable {
  /** Where. */
  address: { hostname: string; port: number };
  /** Ends it and leaves nothing behind. */
  close(): Promise<void>;
}

/**
 * Starts a relay on a free port of the loopback; without faults it is right.
 *
 * @param more what is no fault, and yet unlike our relay
 */
export function startWrongRelay(
  names: readonly FaultName[],
  ...more: Seams[]
): WrongRelay {
  const opened: Store = new MemoryStore();
  let listener: Listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let store = opened;
  const injected = names.map((name): Seams => {
    const fault: Fault = faults[name];
    return fault.inject?.() ?? fault;
  });
  for (const seams of [...injected, ...more]) {
    const { frames, bytes, connections, ...around } = seams;
    store = around.store?.(store) ?? store;
    listener = connections?.(listener) ?? listener;
    if (bytes) listener = aroundEach(listener, bytes);
    if (frames) {
      listener = aroundEach(
        listener,
        (line) => new AlteredLine(line, frames),
      );
    }
  }
  const relay = startRelay({
    listener: listener as Deno.TcpListener,
    store,
    // A fault may break off what the store was asked for.
    report: () => {},
    limits: { registrationsPerMinute: 0 },
    drainTimeout: 0,
  });
  const close = async () => {
    await relay.close();
    await opened.close();
  };
  return {
    address: { hostname: "127.0.0.1", port: relay.address.port },
    close,
    [Symbol.asyncDispose]: close,
  };
}
