/**
 * What a user waits for while the relay is under attack.
 *
 * @module
 */

import { RawConnection, SocketConn } from "../../../kit/raw_connection.ts";
import { inTime } from "../../../shared/cli/time.ts";
import { listRequest, pullRequest } from "../../../kit/requests.ts";
import { send, USER } from "./attacks.ts";

const FROM = "127.0.0.2";
/** Milliseconds after which a response isn't waited for. */
const PATIENCE = 30_000;

/** What the user asks for, by name. */
const requests: Readonly<Record<string, Uint8Array>> = {
  "send 5 KiB": send(USER, 5 * 1024),
  "pull": pullRequest(USER),
  "send 200 KiB": send(USER, 200 * 1024),
  "list": listRequest(USER),
};

/** The names of what the user asks for. */
export const requestNames: readonly string[] = Object.keys(requests);

/** Milliseconds that each response to one kind of request took; `Infinity` for none. */
export type Waits = Record<string, number[]>;

/**
 * Asks for everything in turn, each time on a new connection, until the time is
 * up, and once at least.
 */
export async function work(port: number, duration: number): Promise<Waits> {
  const waits: Waits = {};
  const end = performance.now() + duration;
  do {
    for (const [name, request] of Object.entries(requests)) {
      const start = performance.now();
      const responded = await inTime(ask(port, request), PATIENCE, false);
      const took = responded ? performance.now() - start : Infinity;
      (waits[name] ??= []).push(took);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (performance.now() < end);
  return waits;
}

/** Asks on a connection of its own; whether there was a response. */
export async function ask(port: number, request: Uint8Array): Promise<boolean> {
  try {
    using conn = await SocketConn.connect(
      { hostname: "127.0.0.1", port },
      FROM,
    );
    const line = new RawConnection(conn);
    await line.write(request);
    const response = await line.take();
    return response !== undefined && response.code !== 9000;
  } catch {
    return false;
  }
}
