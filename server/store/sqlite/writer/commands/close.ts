import { nothing } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";

/** Ends the writer; the thread executes it itself, outside of a transaction. */
export const close: StoreCommand<void, void> = {
  effect: "reads",
  fields: nothing,
  result: nothing,
  prepare: () => ({ execute() {} }),
};
