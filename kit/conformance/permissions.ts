/** What the task may do that not every check needs. */
type Spare = "read" | "write" | "run";

/** Gives up for good what isn't needed: a peer's bytes can't ask for it then. */
export async function giveUp(...names: readonly Spare[]): Promise<void> {
  for (const name of names) await Deno.permissions.revoke({ name });
}
