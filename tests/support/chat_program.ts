/**
 * Chats as the client's program does. Its arguments: the folder, the relay's
 * address, and perhaps with whom.
 */

import { runChat } from "../../client/chat/chat.ts";
import { RelayLink } from "../../client/relay_link.ts";
import { Session } from "../../client/session.ts";
import { parseAddress } from "../../shared/info_server.ts";
import { runProgram } from "../../shared/program.ts";

await runProgram(async ([dir = "", server = "", name, notify]) => {
  const address = parseAddress(server);
  const link = new RelayLink(() => Promise.resolve(address));
  using session = new Session(dir, link);
  return await runChat(session, {
    ...(name ? { name } : {}),
    notify: notify === "osc9" || notify === "off" ? notify : "bell",
  });
});
