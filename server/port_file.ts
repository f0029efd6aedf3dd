import { reasonOf } from "../shared/cli/reason.ts";
import {
  findFile,
  infoFiles,
  parsePort,
  readInfoText,
} from "../shared/folder/info_files.ts";
import { DEFAULT_PORT } from "../shared/wire/protocol.ts";

/** What to tell of a port file, in sentences. */
export interface PortFileFindings {
  /** That it is bad. */
  warnings: string[];
  /** That there is none. */
  notes: string[];
}

/** Reads `info.myport`; says that it is missing or bad, and falls back to port 1357 (INF-1). */
export async function readPortFile(
  dir: string,
  { warnings, notes }: PortFileFindings,
): Promise<number> {
  const path = await findFile(dir, infoFiles.myPort);
  try {
    if (path !== undefined) return parsePort(await readInfoText(path));
    notes.push(`no ${infoFiles.myPort[0]} in ${dir}, using ${DEFAULT_PORT}`);
  } catch (error) {
    const reason = reasonOf(error);
    warnings.push(`${path}: ${reason}; using ${DEFAULT_PORT}`);
  }
  return DEFAULT_PORT;
}
