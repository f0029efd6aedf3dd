import { nothing } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";

/** Writes nothing: its transaction shows that no other program keeps the database. */
export const ping: StoreCommand<void, void> = {
  effect: "reads",
  fields: nothing,
  result: nothing,
  prepare: () => ({ execute() {} }),
};
