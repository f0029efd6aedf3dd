/**
 * The table of tasks in docs/programs.md, from deno.json.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { code, table } from "./markdown.ts";

/** All tasks with what they do. */
export function tasks(): string {
  return table([
    ["task", "what it does"],
    ...Object.entries(config.tasks).map(([name, { description }]) => [
      code(name),
      description,
    ]),
  ]);
}
