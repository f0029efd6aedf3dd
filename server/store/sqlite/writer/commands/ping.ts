import { nothing } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";

/** Writes nothing: its transaction shows that something could be written. */
export const ping: StoreCommand<void, void> = {
  effect: "reads",
  fields: nothing,
  result: nothing,
  prepare: () => ({ execute() {} }),
};
