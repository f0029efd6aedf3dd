import type { CheckInfo } from "../report/outcome.ts";

/** The menu's 0, after all steps. */
export const endCheck: CheckInfo & { readonly drivenOnly: true } = {
  name: "ends",
  subject: "end",
  clause: "ERR-3",
  about: "After all that, 0 ends the client",
  drivenOnly: true,
};
