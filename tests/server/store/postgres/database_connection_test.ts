/** What happens on the way to a database. */

import { assertEquals, assertRejects } from "@std/assert";
import type { ClientId } from "../../../../shared/wire/protocol.ts";
import { OutcomeUnknownError, startRelay } from "../../../../server/mod.ts";
import { openPostgresStore } from "../../../../server/store/postgres/mod.ts";
import { PostgresCluster } from "../../../../lab/harness/postgres_cluster.ts";
import { Forwarder } from "../../../../lab/harness/forwarder.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import {
  postgresTest,
  withoutPostgres,
} from "../../../support/stores/postgres.ts";
import { Program } from "../../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { SHELL, testWith } from "../../../support/test_with.ts";
import { missing, OPENSSL } from "../../../support/test_with_tool.ts";

postgresTest(
  "a message whose commit wasn't heard of is neither acknowledged nor refused",
  async ({ cluster, url }) => {
    const { hostname, port } = new URL(url);
    await using way = new Forwarder({ hostname, port: Number(port) });
    way.goesOn = true;
    const through = new URL(url);
    through.port = `${way.address.port}`;
    const store = await openPostgresStore(through.href);
    const reports: unknown[] = [];
    const relay = startRelay({
      listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
      store,
      report: (error) => reports.push(error),
    });
    try {
      const address = { hostname: "127.0.0.1", port: relay.address.port };
      using peer = await Peer.connect(address);
      const anna = await peer.register("anna");
      assertEquals(await peer.send(anna, anna, new Uint8Array(1)), 1);
      // It gets there, and its answer doesn't get back.
      way.answerBytes = 0;
      await assertRejects(
        () => peer.send(anna, anna, new Uint8Array(2)),
        Error,
        "Expected a response, got the end",
      );
      way.answerBytes = Infinity;
      assertEquals(
        reports.map((error) => error instanceof OutcomeUnknownError),
        [
          true,
        ],
      );
      // It was kept, as it happens.
      const count = "SELECT count(*) FROM messages";
      assertEquals(await cluster.sql(count, url), "2");
      using other = await Peer.connect(address);
      assertEquals(await other.send(anna, anna, new Uint8Array(3)), 3);
    } finally {
      await relay.close();
      await store.close();
    }
  },
);

/** Makes a certificate for 127.0.0.1, if openssl is there. */
const MAKE_CERTIFICATE =
  `cd "$0" && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null &&
  chmod 600 key.pem && if [ "$(id -u)" = 0 ]; then chown postgres: . key.pem cert.pem; fi; chmod 755 .`;

testWith(SHELL, "a relay keeps to TLS when it connects again", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  await new Deno.Command("sh", { args: ["-c", MAKE_CERTIFICATE, path] })
    .output();
  await using cluster = await PostgresCluster.start({
    ssl: "on",
    ssl_cert_file: `${path}/cert.pem`,
    ssl_key_file: `${path}/key.pem`,
  });
  const url = await cluster.database();
  await using program = Program.launcher(
    ["--dir", path, "--host", "127.0.0.1", "--port", "0"],
    {
      MESSAGEU_STORE: `${url}?sslmode=verify-full&sslrootcert=${path}/cert.pem`,
    },
  );
  const address = await program.address();
  using peer = await Peer.connect(address);
  const anna = await peer.register("anna");
  const tls = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity " +
    "USING (pid) WHERE application_name = 'messageu'";
  assertEquals(await cluster.sql(tls), "t");
  await cluster.stop("fast");
  await cluster.run();
  using other = await Peer.connect(address);
  const ids = await sendMany(other, anna);
  assertEquals(ids.at(-1), ids.length);
  assertEquals(await cluster.sql(tls), "t");
  program.kill("SIGTERM");
  assertEquals((await program.end()).code, 0);
}, withoutPostgres ?? missing(OPENSSL));

/** Connections break as the server stops; once one stands again all is well. */
async function sendMany(peer: Peer, anna: ClientId): Promise<number[]> {
  const ids: number[] = [];
  for (let i = 0; i < 20; i++) {
    ids.push(await peer.send(anna, anna, new Uint8Array(i)));
  }
  return ids;
}
