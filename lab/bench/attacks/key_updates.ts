import type { RelayLine } from "../../../shared/secure/relay_line.ts";

/** What has openssl's client update its key, and ask for the relay's: a line. */
const COMMANDS = new TextEncoder().encode("K\n".repeat(200));

/**
 * Connects with openssl, which can update keys in the middle of a connection as
 * the runtime's own TLS can't, and has it do so again and again.
 *
 * @throws {Error} if there is no openssl
 */
export async function floodKeyUpdates(
  { hostname, port }: RelayLine,
): Promise<void> {
  for (;;) {
    const child = new Deno.Command("openssl", {
      args: [
        ...["s_client", "-connect", `${hostname}:${port}`, "-tls1_3"],
        ...["-servername", "relay.messageu.invalid", "-quiet", "-no_ign_eof"],
      ].filter((argument) => argument !== "-quiet"),
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const input = child.stdin.getWriter();
    const typing = async () => {
      for (;;) await input.write(COMMANDS);
    };
    // It ends with the relay's patience.
    await Promise.race([typing().catch(() => {}), child.status]);
    await input.close().catch(() => {});
    await child.status;
  }
}
