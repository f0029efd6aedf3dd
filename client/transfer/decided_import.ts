import { isThere } from "../store/is_there.ts";

/** The folder of an import that was decided, within the client's. */
export const READY = "info.import";

/** Whether an import was decided whose last steps are left to be done. */
export function isDecided(dir: string): boolean {
  return isThere(`${dir}/${READY}`);
}
