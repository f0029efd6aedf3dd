import { bytes, record } from "../../../../../shared/wire/fields.ts";
import { clientId } from "../../../../../shared/wire/field_types.ts";
import { PUBLIC_KEY_SIZE } from "../../../../../shared/wire/protocol.ts";
import type { NewClient } from "../../../store.ts";
import { clientInserter } from "../../schema.ts";
import { f64, flag, text } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";

/** A new client, and when it registered in milliseconds since 1970. */
interface Registration extends NewClient {
  at: number;
}

/** Keeps a new client; false where its name is taken. */
export const register: StoreCommand<Registration, boolean> = {
  effect: "adds",
  fields: record<Registration>({
    id: clientId,
    // Names that other servers let in may be any text.
    name: text,
    publicKey: bytes(PUBLIC_KEY_SIZE),
    at: f64,
  }),
  result: flag,
  prepare(database) {
    const named = database.prepare("SELECT 1 FROM accounts WHERE UserName = ?");
    const insert = clientInserter(database);
    return {
      execute({ at, ...client }) {
        if (named.get(client.name) !== undefined) return false;
        const lastSeen = new Date(at).toISOString();
        insert({ ...client, lastSeen, lastMessage: 0 });
        return true;
      },
    };
  },
};
