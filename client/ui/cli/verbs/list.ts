import { Command } from "../../../advice.ts";
import { contactData } from "../verb/output.ts";
import { writeContact } from "../verb/report.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";

/** Lists the contacts. */
export const verb: Verb = defineVerb({
  brief:
    "List your conversations, the latest first; --all lists all other users",
  about:
    "Lists the contacts with whom you have exchanged messages, whom you have chosen in chat, or whose key has changed, the latest conversation first. With --all it lists the other users of the relay, too.",
  examples: [
    "messageu list",
    "messageu list --all --json",
  ],
  prints: [contactData],
  flags: {
    all: switchFlag("List all other users of the relay"),
    offline: switchFlag(
      "List the contacts in this folder without asking a relay",
    ),
  },
  async task(work, { all, offline }) {
    const session = await work.session();
    if (!offline) await session.contacts.fetch();
    const contacts = all
      ? session.contacts.all()
      : session.contacts.conversations();
    for (const contact of contacts) await writeContact(work.output, contact);
    if (contacts.length > 0) return;
    const others = work.output.spell(new Command("list", "--all"));
    work.output.say(
      all
        ? "There is no other user"
        : `No conversation yet; ${others} lists the other users`,
    );
  },
});
