/** The folder of an import that was decided, within the client's. */
export const READY = "info.import";

/** Whether an import was decided whose last steps are left to be done. */
export function isDecided(dir: string): boolean {
  try {
    Deno.lstatSync(`${dir}/${READY}`);
    return true;
  } catch {
    // What can't be looked at will be named when it is opened.
    return false;
  }
}
