/**
 * The table of docs/settings.md, from the declarations of the settings.
 *
 * @module
 */

import { settingNames, settings } from "../../client/settings/settings.ts";
import { code, table } from "./markdown.ts";

/** All settings. */
export function settingsTable(): string {
  return table([
    ["setting", "values", "default", "what"],
    ...settingNames.map((name) => {
      const { expected, default: byDefault, brief } = settings[name];
      return [
        code(name),
        expected,
        code(
          typeof byDefault === "string" ? byDefault : JSON.stringify(byDefault),
        ),
        brief,
      ];
    }),
  ]);
}
