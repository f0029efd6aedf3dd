/**
 * Copies the environment variables that a chat needs, so that no others can be
 * read once the chat shows foreign messages.
 *
 * @module
 */

import process from "node:process";
import { UserError } from "../../../errors.ts";

/** Variables that the chat and its libraries read. */
const VARIABLES = [
  ...["HOME", "VISUAL", "EDITOR", "NO_COLOR", "NODE_ENV", "DEV"],
  ...["TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLORTERM", "TMUX"],
  ...["COLUMNS", "LINES", "FORCE_COLOR", "INK_SCREEN_READER"],
  ...["CI", "CI_NAME", "CONTINUOUS_INTEGRATION", "TEAMCITY_VERSION"],
  ...["TF_BUILD", "AGENT_NAME", "GITHUB_ACTIONS", "GITEA_ACTIONS"],
  ...["CIRCLECI", "TRAVIS", "APPVEYOR", "GITLAB_CI", "BUILDKITE", "DRONE"],
] as const;

/**
 * Replaces `process.env` by a copy of these variables. Child processes still get
 * the whole environment.
 *
 * @throws {UserError} if access to the environment is denied
 */
export async function copyEnvironment(): Promise<void> {
  const isGranted = VARIABLES.every((variable) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted"
  );
  if (!isGranted) {
    const { state } = await Deno.permissions.request({ name: "env" });
    if (state !== "granted") {
      throw new UserError(
        "chat needs environment variables such as TERM",
        "Run it with --allow-env",
      );
    }
  }
  const copy: Record<string, string> = {};
  for (const name of VARIABLES) {
    const value = Deno.env.get(name);
    if (value !== undefined) copy[name] = value;
  }
  // Selects the fast build of React.
  copy["NODE_ENV"] ??= "production";
  process.env = copy;
}
