import { f64, nothing } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";

/** Counts the messages that wait in all inboxes, unless that is known. */
export const countMessages: StoreCommand<void, number> = {
  effect: "reads",
  fields: nothing,
  result: f64,
  prepare: () => ({
    execute: (_, { inboxes }) => inboxes.count(),
  }),
};
