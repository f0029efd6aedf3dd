/** What needs relays that share a port, on systems where they can't. */

import { assertEquals, assertRejects } from "@std/assert";
import { readServerOptions } from "../../../server/options.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { platforms } from "../../../shared/platform/platform.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, lacking, PROGRAMS, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";

const store = ["--store", "postgres://relay@db.example.org/messageu"];

testWith(
  FILES,
  "flags that share a port are refused where it can't be shared",
  async () => {
    await using folder = await temporaryFolder();
    const dir = ["--dir", folder.path, "--port", "0", ...store];
    for (
      const [flag, ...value] of [["--workers", "2"], ["--take-over"]] as const
    ) {
      const args = [...dir, flag, ...value];
      await readServerOptions(args, platforms.linux);
      for (const platform of [platforms.darwin, platforms.windows]) {
        await assertRejects(
          () => readServerOptions(args, platform),
          UsageError,
          `${flag}: relays on ${platform.name} can't share a port: `,
        );
      }
    }
    const one = [...dir, "--workers", "1"];
    const { workers } = await readServerOptions(one, platforms.windows);
    assertEquals(workers, 1);
  },
);

/** Opens a port as on a system, then again as a program that would share it. */
const OPEN_TWICE = `
import { openPort } from "${
  import.meta.resolve("../../../server/relay/listen.ts")
}";
import { platforms } from "${
  import.meta.resolve("../../../shared/platform/platform.ts")
}";
const hostname = "127.0.0.1";
const { port } = openPort({ hostname, port: 0 }, platforms[Deno.args[0]]).addr;
try {
  Deno.listen({ hostname, port, reusePort: true });
  console.log("shared");
} catch (error) {
  console.log(error.code);
}
Deno.exit();`;

testWith(
  PROGRAMS,
  "a port is shared on Linux, and no other program's elsewhere",
  async () => {
    for (const system of ["linux", "windows"] as const) {
      await using program = Program.deno(
        ["eval", "--no-check", "--unstable-net", OPEN_TWICE, system],
      );
      const { stdout, stderr } = await program.end();
      const expected = system === "linux" ? "shared" : "EADDRINUSE";
      assertEquals(stdout.trim(), expected, stderr);
    }
  },
  lacking("ports that programs share"),
);

/** Runs a launcher with the platform of another system. */
const ON_MAC = `
import { runGroup } from "${
  import.meta.resolve("../../../server/launch/run_group.ts")
}";
import { relayCommand } from "${
  import.meta.resolve("../../../server/launch/relay_permissions.ts")
}";
import { readServerOptions } from "${
  import.meta.resolve("../../../server/options.ts")
}";
import { platforms } from "${
  import.meta.resolve("../../../shared/platform/platform.ts")
}";
const command = (args) => relayCommand("${ROOT}server/main.ts", args);
const options = await readServerOptions(Deno.args, platforms.darwin);
Deno.exit(await runGroup(options, Deno.args, command, undefined, platforms.darwin));`;

testWith(
  PROGRAMS,
  "SIGUSR2 is refused where a relay can't be replaced",
  async () => {
    await using folder = await temporaryFolder();
    const flags = ["--dir", folder.path, "--host", "127.0.0.1", "--port", "0"];
    await using program = Program.deno(
      ["eval", "--no-check", ON_MAC, "--", ...flags, "--log", "journal"],
    );
    await program.address();
    program.kill("SIGUSR2");
    await until(
      "the refusal",
      () =>
        program.complained.includes(
          "error: SIGUSR2 can't replace the relay: programs on macOS don't share a port",
        ),
    );
    program.kill("SIGTERM");
    assertEquals((await program.end()).code, 0);
  },
  lacking("signals between programs"),
);
