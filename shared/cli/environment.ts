/** Reads an environment variable. */
export type Environment = (name: string) => string | undefined;

/** An environment variable; undefined if it is unset or access is denied. */
export function readVariable(variable: string): string | undefined {
  return isReadable(variable) ? Deno.env.get(variable) : undefined;
}

/** Whether access to an environment variable is granted. */
export function isReadable(variable: string): boolean {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted";
}
