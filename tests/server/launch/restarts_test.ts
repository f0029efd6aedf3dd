/** What a group of relays does when one of them ends unexpectedly. */

import { assertEquals, assertMatch } from "@std/assert";
import { RestartPauses } from "../../../server/launch/restart_pauses.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";

Deno.test("pauses grow until a program serves for long", () => {
  const pauses = new RestartPauses();
  const served = [0, 0, 50, 0, 0, 0, 0, 0, 60_000, 60_001, 0];
  assertEquals(
    served.map((time) => pauses.next(time) / 1000),
    [1, 2, 4, 8, 16, 32, 60, 60, 60, 1, 2],
  );
});

/** Runs two relays, of which the second can't start, and prints what came of it. */
const TWO_RELAYS = `
import { RelayGroup } from "${
  import.meta.resolve("../../../server/launch/relay_group.ts")
}";
import { relayCommand } from "${
  import.meta.resolve("../../../server/launch/relay_permissions.ts")
}";
const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const group = new RelayGroup({
  // Each of these relays has its own store.
  args: (index) => [
    ...["--store", "memory:", "--host", "127.0.0.1", "--port", "0"],
    ...["--secure-port", "off"],
    ...index === 0 ? [] : ["--metrics", "127.0.0.1:" + taken.addr.port],
  ],
  command: (args) => relayCommand("${ROOT}server/main.ts", args),
  findsSecurePort: false,
  serves: () => {},
  say: (_, text) => console.log(text),
});
Deno.exit(await group.run(2));`;

testWith(
  PROGRAMS,
  "a relay that can't start beside others stops the group",
  async () => {
    await using program = Program.deno(["eval", "--no-check", TWO_RELAYS]);
    const { code, stdout, stderr } = await program.end();
    assertEquals(code, 1);
    assertMatch(stderr, /error: Can't serve metrics on .* in use/);
    assertMatch(
      stdout,
      /^listening on .*\na relay ended with code 1 before it served: the others stop\n$/,
    );
  },
);
