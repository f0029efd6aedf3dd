/**
 * Resolves once standard input has ended, whatever it held. The other end of a
 * pipe is closed when the program that holds it ends, also by SIGKILL.
 */
export async function inputEnds(): Promise<void> {
  const buffer = new Uint8Array(256);
  try {
    while (await Deno.stdin.read(buffer) !== null) continue;
  } catch {
    // What can't be read brings nothing more.
  }
}
