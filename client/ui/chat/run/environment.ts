/**
 * The environment as far as a chat needs it: a copy, so that nothing else can
 * be read once strangers' messages are shown.
 *
 * @module
 */

import process from "node:process";
import { UserError } from "../../../errors.ts";

/** What we and the libraries that draw look for: terminals, colours, CI, editors. */
const VARIABLES = [
  ...["HOME", "VISUAL", "EDITOR", "NO_COLOR", "NODE_ENV", "DEV"],
  ...["TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLORTERM", "TMUX"],
  ...["COLUMNS", "LINES", "FORCE_COLOR", "INK_SCREEN_READER"],
  ...["CI", "CI_NAME", "CONTINUOUS_INTEGRATION", "TEAMCITY_VERSION"],
  ...["TF_BUILD", "AGENT_NAME", "GITHUB_ACTIONS", "GITEA_ACTIONS"],
  ...["CIRCLECI", "TRAVIS", "APPVEYOR", "GITLAB_CI", "BUILDKITE", "DRONE"],
] as const;

/**
 * Puts a copy of these variables in the place of the process's environment.
 * Programs that it starts still get the whole one.
 *
 * @throws {UserError} where they can't be read
 */
export async function copyEnvironment(): Promise<void> {
  const isGranted = VARIABLES.every((variable) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted"
  );
  if (!isGranted) {
    const { state } = await Deno.permissions.request({ name: "env" });
    if (state !== "granted") {
      throw new UserError(
        "chat has to read the environment, such as TERM",
        "Run it with --allow-env",
      );
    }
  }
  const copy: Record<string, string> = {};
  for (const name of VARIABLES) {
    const value = Deno.env.get(name);
    if (value !== undefined) copy[name] = value;
  }
  // React takes its fast way.
  copy["NODE_ENV"] ??= "production";
  process.env = copy;
}
