import type { Statement } from "./connection/database.ts";

/** Has relays forget whom they remember: they look at this row once a second. */
export const COUNT_REMOVAL: Statement = {
  name: "count-removal",
  text: "UPDATE relay SET Value = Value + 1 WHERE Name = 'removals'",
};
