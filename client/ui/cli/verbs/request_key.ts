import { nameArgument } from "../verb/arguments.ts";
import { deliver } from "../verb/delivery.ts";
import { sentData } from "../verb/data.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Asks for a symmetric key. */
export const verb: Verb = defineVerb({
  brief: "Ask a contact for the key that opens what can't be decrypted",
  about:
    "Asks a contact for the symmetric key that both use. What couldn't be decrypted is kept, and shown by pull, listen or chat once the key has come. They ask by themselves too, once for each contact and hour.",
  prints: [sentData],
  args: [nameArgument],
  async task(work, _, name) {
    const session = await work.session();
    const message = await session.outbox.writeKeyRequest(name);
    return await deliver(work, message, "stop");
  },
});
