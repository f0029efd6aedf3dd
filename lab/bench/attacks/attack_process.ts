/**
 * The attackers: `begin` with an attack's name and a port, and `standing` for
 * how many connections the relay hasn't closed.
 */

import { serveCommands } from "../relay/commands.ts";
import { attackNamed, begin } from "./attacks.ts";
import type { SocketConn } from "../../../kit/raw_connection.ts";

let lines: SocketConn[] = [];

await serveCommands({
  async begin(argument) {
    const { name, port } = argument as { name: string; port: number };
    lines = await begin(attackNamed(name), port);
    return lines.length;
  },
  standing: () => lines.filter((line) => !line.ended).length,
});
Deno.exit();
