/**
 * Chats as the client's program does, with the folder that its first argument
 * names; then perhaps with whom, and how to tell of messages elsewhere. So that
 * tests see what becomes of a terminal, SIGUSR1 makes it throw where nobody
 * catches, and SIGUSR2 makes a promise be rejected.
 */

import process from "node:process";
import { runChat } from "../../client/chat/chat.ts";
import { RelayLink } from "../../client/relay_link.ts";
import { Session } from "../../client/session.ts";
import { parseAddress } from "../../shared/info_server.ts";
import { runProgram } from "../../shared/program.ts";

process.on("SIGUSR1", () => {
  throw new Error("thrown by a listener");
});
process.on("SIGUSR2", () => {
  Promise.reject(new Error("rejected by nobody"));
});

await runProgram(async ([dir = "", name, notify]) => {
  const link = new RelayLink(async () =>
    parseAddress(await Deno.readTextFile(`${dir}/info.server`))
  );
  using session = new Session(dir, link);
  return await runChat(session, {
    ...(name ? { name } : {}),
    notify: notify === "osc9" || notify === "off" ? notify : "bell",
  });
});
