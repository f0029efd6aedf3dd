import { isoTime } from "../../../session/message_form.ts";
import { dataKind } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";

const contactData = dataKind("contact", [
  "name",
  "id",
  "unread",
  "lastTime",
  "keyChanged",
]);

/** Lists the contacts. */
export const verb: Verb = defineVerb({
  brief: "List the other users, the latest conversation first",
  prints: [contactData],
  flags: {
    offline: switchFlag(
      "List the contacts in this folder without asking a relay",
    ),
  },
  async task(work, { offline }) {
    const session = await work.session();
    if (!offline) await session.contacts.fetch();
    for (const contact of session.contacts.all()) {
      const marks = [
        contact.unread > 0 ? `${contact.unread} unread` : "",
        contact.keyChanged ? "another key than before" : "",
      ].filter((mark) => mark !== "");
      const name = printableLine(contact.name);
      await work.output.data(
        contactData,
        {
          name: contact.name,
          id: contact.contactId.toHex(),
          unread: contact.unread,
          lastTime: isoTime(contact.lastTime),
          keyChanged: contact.keyChanged,
        },
        marks.length === 0 ? name : `${name}\t${marks.join(", ")}`,
      );
    }
  },
});
