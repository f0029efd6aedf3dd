import type { Database } from "@db/sqlite";
import { MailFlag } from "../../../../../shared/secure/secure_protocol.ts";
import { NO_DEVICE } from "../../../secure_store.ts";
import { RAISE_LAST_MESSAGE } from "../../schema.ts";

/**
 * Moves the inbox of an account that is lifted into its devices' mailboxes, within
 * a transaction. Its messages keep their ids as positions.
 */
export class InboxMover {
  readonly #statements;

  /** @param database has its tables */
  constructor(database: Database) {
    const own = "FROM devices WHERE Account = ?1";
    this.#statements = {
      last: database.prepare<{ id: number | null }>(
        "SELECT max(ID) AS id FROM messages WHERE ToClient = ?",
      ),
      raiseLastMessage: database.prepare(RAISE_LAST_MESSAGE),
      copy: database.prepare(
        `INSERT INTO mail
          (Device, Seq, Uid, Account, FromDevice, Flags, Arrived, Expires, Rest, Content)
          SELECT Device, ID, randomblob(16), FromClient, ?2,
            ${MailFlag.Legacy}, Arrived, 0, Rest,
            CAST(unhex(printf('%02x', Type & 255)) || Content AS BLOB)
          FROM messages JOIN (SELECT Device ${own}) WHERE ToClient = ?1
          ORDER BY ID`,
      ),
      copyParts: database.prepare(
        `INSERT INTO mail_parts (Device, Seq, Part, Content)
          SELECT Device, ID, Part, Content
          FROM parts JOIN (SELECT Device ${own}) WHERE ToClient = ?1`,
      ),
      messages: database.prepare("DELETE FROM messages WHERE ToClient = ?"),
      parts: database.prepare("DELETE FROM parts WHERE ToClient = ?"),
    };
  }

  /** Moves what waits for an account; returns the number of messages. */
  move(account: Uint8Array): number {
    const statements = this.#statements;
    const last = statements.last.get(account)?.id ?? null;
    if (last === null) return 0;
    statements.raiseLastMessage.run(last, account);
    statements.copy.run(account, NO_DEVICE);
    statements.copyParts.run(account);
    statements.parts.run(account);
    return statements.messages.run(account);
  }
}
