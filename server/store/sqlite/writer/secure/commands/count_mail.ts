import { f64, nothing } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";

/** Counts the messages in all mailboxes, unless that is known. */
export const countMail: StoreCommand<void, number> = {
  effect: "reads",
  fields: nothing,
  result: f64,
  prepare: () => ({
    execute: (_, { mailboxes }) => mailboxes.count(),
  }),
};
