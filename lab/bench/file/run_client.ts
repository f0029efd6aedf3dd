import { encodeHex } from "@std/encoding";
import { fileURLToPath } from "node:url";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import type { Transferred } from "./client_process.ts";

const CLIENT = fileURLToPath(new URL("client_process.ts", import.meta.url));

/** A key that both ends of a measurement use. */
export const KEY: Uint8Array<ArrayBuffer> = new Uint8Array(16).fill(0x5a);

/** What a client is to do. */
export interface Task {
  verb: "send" | "receive";
  /** The relay's port on the loopback. */
  port: number;
  me: ClientId;
  other: ClientId;
  /** The file to send, or the folder to receive in. */
  path: string;
}

/**
 * Runs a client in a process of its own. What it receives goes into the
 * folder that `temp` names.
 *
 * @throws {Error} where it fails
 */
export async function runClient(
  { verb, port, me, other, path }: Task,
  temp: string,
): Promise<Transferred> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-read",
      "--allow-write",
      CLIENT,
      verb,
      `${port}`,
      encodeHex(me),
      encodeHex(other),
      encodeHex(KEY),
      path,
    ],
    env: { TMPDIR: temp, NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (code !== 0) throw new Error(`The client failed: ${text(stderr)}`);
  return JSON.parse(text(stdout));
}
