import { formatAddress } from "../shared/info_server.ts";
import type { ServerOptions } from "./options.ts";
import { RelayGroup } from "./relay_group.ts";
import { replaceSignal, stopSignals } from "./signals.ts";
import { RelayLog } from "./telemetry/log.ts";

/**
 * Runs the relays that a command line asks for, each a process of its own, and
 * stays to pass signals on and to put a new relay in an old one's place.
 *
 * @param command the runtime's arguments that start a relay with such arguments
 * @returns the exit code
 */
export async function runGroup(
  { workers, telemetry }: ServerOptions,
  args: readonly string[],
  command: (args: readonly string[]) => Promise<readonly string[]>,
  log: RelayLog = new RelayLog(telemetry),
): Promise<number> {
  const { metrics } = telemetry;
  const relays = new RelayGroup({
    // Each shows its own metrics: the ports follow the first one's.
    args: (index) =>
      metrics === undefined || metrics.port === 0 ? args : [
        ...args,
        "--metrics",
        formatAddress({ ...metrics, port: metrics.port + index }),
      ],
    command,
    say: (level, text) => log[level](text),
  });
  for (const signal of stopSignals) {
    Deno.addSignalListener(signal, () => relays.signal(signal));
  }
  if (replaceSignal !== undefined) {
    Deno.addSignalListener(replaceSignal, () => relays.replace());
  }
  return await relays.run(workers);
}
