/** Relays on one database whose clocks differ. */

import { assert, assertEquals } from "@std/assert";
import { faketimeLibrary } from "../../../../lab/harness/faked_clock.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import { postgresTest } from "../../../support/stores/postgres.ts";
import { Program, ROOT } from "../../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { until } from "../../../../lab/harness/until.ts";

const NAME = "messages arrive and grow old by the database's clock";
const library = await faketimeLibrary();

postgresTest(NAME, async ({ cluster, url }) => {
  assert(library !== undefined);
  await using folder = await temporaryFolder();
  const start = (clock: string, ...flags: string[]) =>
    Program.run(
      "sh",
      [
        "-c",
        'export LD_PRELOAD="$0" FAKETIME="$1" FAKETIME_DONT_FAKE_MONOTONIC=1; shift; exec "$@"',
        ...[library, clock, Deno.execPath(), "run", "--no-prompt"],
        ...["--allow-net=127.0.0.1", "--allow-read", "--allow-write"],
        ...["--allow-env", `${ROOT}server/main.ts`, "--dir", folder.path],
        ...["--host", "127.0.0.1", "--port", "0", ...flags],
      ],
      ROOT,
      { MESSAGEU_STORE: url },
    );
  await using slow = start("-90s");
  using peer = await Peer.connect(await slow.address());
  const anna = await peer.register("anna");
  for (let i = 0; i < 2; i++) await peer.send(anna, anna, new Uint8Array(1));
  const age = `extract(epoch FROM now()) * 1000 - Arrived`;
  const count = (where: string) =>
    cluster.sql(`SELECT count(*) FROM messages WHERE ${where}`, url);
  assertEquals(await count(`abs(${age}) < 60000`), "2");
  await cluster.sql(
    "UPDATE messages SET Arrived = Arrived - 70000 WHERE ID = 1",
    url,
  );
  // To this one both seem older than a minute.
  await using fast = start("+90s", "--keep", "60s");
  await fast.address();
  await until("a purge", async () => await count("ID = 1") === "0");
  assertEquals(await count("ID = 2"), "1");
}, library === undefined ? "libfaketime isn't installed" : undefined);
