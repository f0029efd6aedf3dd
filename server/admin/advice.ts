/** What to do about inboxes that have used up their ids. */
export const RESTART_IDS =
  "once they have pulled what waits, run deno task admin restart-ids";
