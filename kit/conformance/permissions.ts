/** Permissions of the task that not every check needs. */
type Spare = "read" | "write" | "run";

/** Gives up permissions for good, so that no peer can exploit them. */
export async function giveUp(...names: readonly Spare[]): Promise<void> {
  for (const name of names) await Deno.permissions.revoke({ name });
}
