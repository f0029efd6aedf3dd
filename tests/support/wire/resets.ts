/** Connections that are reset, for tests in which a reset isn't an end. */

import { connect } from "node:net";
import { hasCode } from "../../../shared/platform/system_error.ts";

const HOST = "127.0.0.1";

/** Why a test is skipped that receives a reset, if it is: Wine shows an end. */
export async function withoutResets(): Promise<string | undefined> {
  const net = { name: "net", host: HOST } as const;
  // Without the permission it is skipped for that.
  if ((await Deno.permissions.query(net)).state !== "granted") return undefined;
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const socket = connect({ host: HOST, port: listener.addr.port });
  using conn = await listener.accept();
  await conn.write(new Uint8Array(1));
  await new Promise((resolve) => socket.once("data", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resetAndDestroy();
  await closed;
  try {
    await conn.read(new Uint8Array(1));
    return "this system doesn't report resets";
  } catch (error) {
    if (hasCode(error, "ECONNRESET")) return undefined;
    throw error;
  }
}
