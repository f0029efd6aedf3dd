import { reasonOf } from "../../../../shared/cli/reason.ts";
import {
  type Platform,
  thisPlatform,
} from "../../../../shared/platform/platform.ts";
import { UserError } from "../../../errors.ts";

/** What a status of xdg-open means to a user. */
const XDG_REASONS: Readonly<Record<number, string>> = {
  2: "the file is gone",
  3: "no program for it is set up",
};

/**
 * Opens a file with the desktop's program for it. That program outlives the chat
 * and doesn't write to its terminal.
 *
 * @param path an absolute path
 * @throws {UserError} if there is no program for it
 */
export async function openFile(
  path: string,
  { opener }: Platform = thisPlatform,
): Promise<void> {
  let status: Deno.CommandStatus;
  try {
    const child = new Deno.Command(opener, {
      args: [path],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    child.unref();
    status = await child.status;
  } catch (cause) {
    throw cannotOpen(path, `${opener} can't be run: ${reasonOf(cause)}`, {
      cause,
    });
  }
  // The one of Windows ends with 1 on success, too.
  if (status.success || opener === "explorer") return;
  const { [status.code]: reason } = opener === "xdg-open" ? XDG_REASONS : {};
  throw cannotOpen(path, reason ?? `${opener} ended with ${status.code}`);
}

function cannotOpen(
  path: string,
  reason: string,
  options?: ErrorOptions,
): UserError {
  return new UserError(
    `${path} can't be opened: ${reason}`,
    "Open it yourself, or save it elsewhere with /save",
    options,
  );
}
