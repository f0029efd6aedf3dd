/** Whether there is something of this name; what can't be looked at counts as none. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    // It will be named when it is opened.
    return false;
  }
}
