import { formatAddress } from "../../shared/folder/info_server.ts";
import {
  inputEnds,
  isHangupIgnored,
  onStopSignal,
  replaceSignal,
} from "../../shared/cli/stopping.ts";
import type { ServerOptions } from "../options.ts";
import { PidFile } from "./pid_file.ts";
import { RelayGroup } from "./relay_group.ts";
import { RelayLog } from "../telemetry/log.ts";

/**
 * Runs the relays that a command line asks for, each a process of its own, and
 * stays to pass signals on and to put a new relay in an old one's place.
 *
 * @param command the runtime's arguments that start a relay with such arguments
 * @returns the exit code
 */
export async function runGroup(
  { workers, telemetry, pidFile, stopWithInput }: ServerOptions,
  args: readonly string[],
  command: (args: readonly string[]) => Promise<readonly string[]>,
  log: RelayLog = new RelayLog(telemetry),
): Promise<number> {
  const { metrics } = telemetry;
  using file = pidFile === undefined ? undefined : PidFile.open(pidFile);
  // Nothing else is written here.
  if (file === undefined) await Deno.permissions.revoke({ name: "write" });
  const passedOn = withoutPidFile(args);
  const relays = new RelayGroup({
    // Each shows its own metrics: the ports follow the first one's.
    args: (index) =>
      metrics === undefined || metrics.port === 0 ? passedOn : [
        ...passedOn,
        "--metrics",
        formatAddress({ ...metrics, port: metrics.port + index }),
      ],
    command,
    serves: () => {
      file?.write();
      if (replaceSignal === undefined) return;
      log.info(`${replaceSignal} replaces the relay`, { pid: Deno.pid });
    },
    say: (level, text) => log[level](text),
  });
  onStopSignal(() => relays.stop(), !await isHangupIgnored());
  if (replaceSignal !== undefined) {
    Deno.addSignalListener(replaceSignal, () => relays.replace());
  }
  if (stopWithInput) inputEnds().then(() => relays.stop());
  try {
    return await relays.run(workers);
  } finally {
    await log.flush();
  }
}

/** The number in the file is this process's. */
function withoutPidFile(args: readonly string[]): string[] {
  const flag = "--pid-file";
  return args.filter((arg, i) =>
    arg !== flag && !arg.startsWith(`${flag}=`) && args[i - 1] !== flag
  );
}
