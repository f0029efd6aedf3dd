import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { withoutPostgres } from "../../support/stores/postgres.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import type { TakeOverReport } from "../../support/relays/take_over.ts";
import {
  longTest,
  mayRunShell,
  SHELL,
  slowTest,
} from "../../support/test_with.ts";

const PROGRAM = fileURLToPath(
  new URL("../../support/relays/take_over.ts", import.meta.url),
);

/** Runs a command in a network of its own, whose loopback is up and whose waiting connections move. */
const IN_OWN_NETWORK = `user=-r; if [ "$(id -u)" = 0 ]; then user=; fi
  exec unshare $user -n sh -c 'ip link set lo up && echo 1 >/proc/sys/net/ipv4/tcp_migrate_req && exec "$0" "$@"' "$@"`;

const inOwnNetwork = (...command: string[]) =>
  Program.run("sh", ["-c", IN_OWN_NETWORK, "sh", ...command]);

const missing = await reasonToSkip();

for (const kind of ["sqlite", "postgres"] as const) {
  const name =
    `a new relay takes over under load, and no connection is refused: ${kind}`;
  const register = kind === "postgres" ? slowTest : longTest;
  register(SHELL, name, async () => {
    await using folder = await temporaryFolder();
    await using program = inOwnNetwork(
      Deno.execPath(),
      ...["run", "--allow-all", "--no-prompt", PROGRAM],
      ...[kind, folder.path, "3"],
    );
    const { code, stdout, stderr } = await program.end();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const report: TakeOverReport = JSON.parse(stdout);
    assertEquals(report.failures, []);
    assertEquals(report.code, 0);
    assert(report.kept > 100, `only ${report.kept} messages`);
    assertEquals(report.handedOut, report.kept);
    assert(report.greeted > 10, `only ${report.greeted} hellos`);
  }, missing ?? (kind === "postgres" ? withoutPostgres : undefined));
}

async function reasonToSkip(): Promise<string | undefined> {
  // The permissions that it lacks are named then.
  if (!mayRunShell()) return;
  await using program = inOwnNetwork("true");
  const { code } = await program.end();
  return code === 0 ? undefined : "needs unshare, ip and the right to use them";
}
