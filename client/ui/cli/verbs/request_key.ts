import { nameArgument } from "../verb/arguments.ts";
import { deliver } from "../verb/report.ts";
import { sentData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Requests a symmetric key. */
export const verb: Verb = defineVerb({
  brief: "Request the symmetric key for messages that can't be decrypted",
  about:
    "Requests the symmetric key in use from a contact. Messages that can't be decrypted are kept; pull, listen and chat show them once the key has arrived. They also request keys themselves, once an hour for each contact.",
  examples: [
    "messageu request-key bob",
    "messageu request-key bob --json",
  ],
  prints: [sentData],
  args: [nameArgument],
  async task(work, _, name) {
    const session = await work.session();
    const message = await session.outbox.writeKeyRequest(name);
    return await deliver(work, message, "stop");
  },
});
