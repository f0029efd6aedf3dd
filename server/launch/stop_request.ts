import { inputEnds, onStopSignal } from "../../shared/cli/stopping.ts";
import { type Platform, thisPlatform } from "../../shared/platform/platform.ts";
import type { ServerOptions } from "../options.ts";
import { watchStopFile } from "./stop_file.ts";

/**
 * Calls `stop` for each request to stop in good order: a signal, and with the
 * flags for it the end of standard input and a file that appears.
 *
 * @param stopsOnHangup whether SIGHUP is such a signal; it is ignored otherwise
 * @returns ends the watch for the file
 * @throws {UsageError} if the file can't be watched for
 */
export function onStopRequest(
  { stopWithInput, stopWithFile }: Pick<
    ServerOptions,
    "stopWithInput" | "stopWithFile"
  >,
  stopsOnHangup: boolean,
  stop: () => void,
  platform: Platform = thisPlatform,
): Disposable {
  const file = stopWithFile === undefined
    ? undefined
    : watchStopFile(stopWithFile);
  onStopSignal(stop, stopsOnHangup, platform);
  if (stopWithInput) inputEnds().then(stop);
  // A watch that fails, as its folder goes, isn't a request.
  file?.appears.then(stop, () => {});
  return { [Symbol.dispose]: () => file?.[Symbol.dispose]() };
}
