import type { StoreDatabase, Value } from "./database.ts";
import { type Contact, LABEL, OWNER } from "./contact_table.ts";
import type { ContactSummary } from "./message.ts";

/** A row of {@linkcode ContactSummaries}. */
interface SummaryRow extends Pick<Contact, "name" | "label" | "clientId"> {
  unread: number | undefined;
  lastTime: number | undefined;
  /** Whether a key or an id must be accepted. */
  changed: number;
  /** Whether there are messages, or the user has chosen the contact. */
  spoken: number;
  blocked: number;
  muted: number;
}

/** Contacts with what a list shows of them: unread messages, changed keys, marks. */
export class ContactSummaries {
  readonly #database: StoreDatabase;

  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /**
   * The contacts that are listed or have a conversation, the latest conversation
   * first.
   *
   * @param which `conversations` leaves out those that the user has neither written
   * to nor received from nor chosen, and whose key hasn't changed
   */
  list(which: "all" | "conversations"): ContactSummary[] {
    const strangers = which === "all" ? "OR c.listed = 1" : "";
    return this.#select(`spoken = 1 OR changed = 1 ${strangers}`);
  }

  /** One contact, as in a list. */
  of({ row, succeeds }: Contact): ContactSummary | undefined {
    return this.#select("c.contact = ?", succeeds ?? row)[0];
  }

  /** What the contacts are called that are listed or have a conversation. */
  labels(): string[] {
    return this.#database.rows<{ label: string }>(
      `SELECT ${LABEL} AS label FROM contacts c ${OWNER}
       WHERE c.retired = 0 AND c.succeeds IS NULL AND (c.listed = 1
         OR EXISTS (SELECT 1 FROM messages m WHERE m.contact = c.contact))
       ORDER BY label`,
    ).map(({ label }) => label);
  }

  #select(condition: string, ...params: Value[]): ContactSummary[] {
    return this.#database.rows<SummaryRow>(
      // A contact that claims a name counts with the name's owner. Ordered by
      // number: a time may come from a wrong clock.
      `WITH counted AS (
         SELECT contact, max(id) AS last, 0 AS unread FROM messages GROUP BY contact
         UNION ALL
         SELECT contact, 0, count(*) FROM messages
           WHERE outgoing = 0 AND shown IS NULL
             AND kind IN ('text', 'file', 'unreadable') GROUP BY contact
       ), said AS MATERIALIZED (
         SELECT coalesce(name, contact) AS who, max(last) AS last, sum(unread) AS unread
         FROM counted CROSS JOIN contacts USING (contact) GROUP BY 1
       )
       SELECT c.name, c.clientId, said.unread, written AS lastTime, c.blocked, c.muted,
         c.offeredKey IS NOT NULL OR EXISTS (SELECT 1 FROM contacts x
           WHERE x.succeeds = c.contact AND x.retired = 0) AS changed,
         (c.chosen = 1 AND c.listed = 1) OR said.last IS NOT NULL AS spoken,
         ${LABEL} AS label
       FROM contacts c ${OWNER} LEFT JOIN said ON who = coalesce(c.name, c.contact)
         LEFT JOIN messages ON id = said.last
       WHERE c.retired = 0 AND c.succeeds IS NULL
         AND (${condition})
       ORDER BY said.last IS NULL, said.last DESC, label`,
      ...params,
    ).map((row) => ({
      name: row.label,
      relayName: row.name,
      contactId: row.clientId,
      unread: row.blocked === 1 ? 0 : row.unread ?? 0,
      lastTime: row.lastTime,
      keyChanged: row.changed === 1,
      conversation: row.spoken === 1 || row.changed === 1,
      blocked: row.blocked === 1,
      muted: row.muted === 1,
    }));
  }
}
