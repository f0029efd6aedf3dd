import { formatAddress } from "../../shared/folder/info_files.ts";
import { isHangupIgnored } from "../../shared/cli/stopping.ts";
import { type Platform, thisPlatform } from "../../shared/platform/platform.ts";
import type { ServerOptions } from "../options.ts";
import { openPidFile } from "./pid_file.ts";
import { RelayGroup } from "./relay_group.ts";
import { onStopRequest } from "./stop_request.ts";
import { RelayLog } from "../telemetry/log.ts";

/** The signal on which a launcher replaces its relays. */
const REPLACE = "SIGUSR2";

/**
 * Runs the relays of a command line, each in its own process. Stops them on
 * request, and replaces them on SIGUSR2 where relays can share a port.
 *
 * @param command the runtime's arguments to start a relay with `args`
 * @returns the exit code
 */
export async function runGroup(
  options: ServerOptions,
  args: readonly string[],
  command: (args: readonly string[]) => Promise<readonly string[]>,
  log: RelayLog = new RelayLog(options.telemetry),
  platform: Platform = thisPlatform,
): Promise<number> {
  const { workers, pidFile, secure, telemetry: { metrics } } = options;
  using file = pidFile === undefined ? undefined : openPidFile(pidFile);
  // This process writes no other file.
  if (file === undefined) await Deno.permissions.revoke({ name: "write" });
  const passedOn = withoutFlags(args, ["--pid-file", "--stop-with-file"]);
  const relays = new RelayGroup({
    // Each relay has its own port for metrics, counted from the first.
    args: (index) =>
      metrics === undefined || metrics.port === 0 ? passedOn : [
        ...passedOn,
        "--metrics",
        formatAddress({ ...metrics, port: metrics.port + index }),
      ],
    command,
    findsSecurePort: secure?.port === 0,
    serves: () => {
      file?.write();
      if (!platform.sharesPorts) return;
      log.info(`${REPLACE} replaces the relay`, { pid: Deno.pid });
    },
    say: (level, text) => log[level](text),
  });
  using _ = onStopRequest(
    options,
    !await isHangupIgnored(platform),
    () => relays.stop(),
    platform,
  );
  if (platform.signalsPrograms) {
    Deno.addSignalListener(REPLACE, () => {
      if (platform.sharesPorts) return relays.replace();
      log.error(
        `${REPLACE} can't replace the relay: programs on ${platform.name} don't share a port. Stop it, and start it anew`,
      );
    });
  }
  try {
    return await relays.run(workers);
  } finally {
    await log.flush();
  }
}

/** Removes flags with their values: these files are of this process. */
function withoutFlags(
  args: readonly string[],
  flags: readonly string[],
): string[] {
  return args.filter((arg, i) =>
    !flags.some((flag) =>
      arg === flag || arg.startsWith(`${flag}=`) || args[i - 1] === flag
    )
  );
}
