import { UsageError } from "../../../../shared/cli/program.ts";
import {
  choiceFlag,
  switchFlag,
  valueFlag,
} from "../../../../shared/cli/flags.ts";
import { UserError } from "../../../errors.ts";
import { describeSize } from "../../../session/history.ts";
import type { Session } from "../../../session/session.ts";
import { nameArgument } from "../verb/arguments.ts";
import { contactData } from "../verb/output.ts";
import { writeContact } from "../verb/report.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

const YES_OR_NO = ["yes", "no"] as const;

/** Prints and changes what the user has set for a contact. */
export const verb: Verb = defineVerb({
  brief: "Print a contact, or rename, mute, block or delete it in this folder",
  about:
    "Prints a contact as list does, after the changes that the flags ask for. An alias is your own name for a contact: each verb takes it as a NAME, and it stays with the contact's id whatever the relay calls it. Messages of a muted contact arrive without a notification. Those of a blocked one are taken from the relay and dropped, and nothing is sent to it. --delete deletes the messages with a contact from this folder; keys, alias and marks remain.",
  examples: [
    "messageu contact bob",
    'messageu contact bob --alias "Bob from work"',
    "messageu contact mallory --blocked yes",
  ],
  prints: [contactData],
  flags: {
    alias: valueFlag("ALIAS", 'Your own name for it; "" removes it', String),
    muted: choiceFlag("yes|no", "Whether to mute it", YES_OR_NO),
    blocked: choiceFlag("yes|no", "Whether to block it", YES_OR_NO),
    delete: switchFlag("Delete the messages with it from this folder"),
    yes: switchFlag("With --delete: do it without a further question"),
  },
  args: [nameArgument],
  async task(work, { alias, muted, blocked, delete: isDeleted, yes }, name) {
    if (yes && !isDeleted) throw new UsageError("--yes needs --delete");
    const session = await work.session();
    const { contacts, contactSettings } = session;
    const { row } = await contacts.named(name);
    const label = () => contacts.current(row).label;
    if (isDeleted && !yes) throw unconfirmed(session, label());
    if (muted !== undefined) {
      await contactSettings.mute(label(), muted === "yes");
    }
    if (blocked !== undefined) {
      await contactSettings.block(label(), blocked === "yes");
    }
    if (alias !== undefined) {
      await contactSettings.setAlias(label(), alias || undefined);
    }
    // What can't be undone is last: a flag before it may be refused.
    if (isDeleted) await session.history.delete(label());
    await writeContact(work.output, await contacts.known(label()));
  },
});

function unconfirmed(session: Session, name: string): UserError {
  return new UserError(
    `Nothing is deleted yet: ${
      describeSize(session.history.size(name))
    } with "${name}" would be, for good`,
    "The same with --yes deletes them",
  );
}
