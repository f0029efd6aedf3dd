/** What happens on the way to a database: lost commits, TLS, a pooler, and clocks that differ. */

import { faketimeLibrary } from "../../../support/stores/faked_clock.ts";
import { Forwarder } from "../../../support/relays/forwarder.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import {
  hasPgBouncer,
  startPgBouncer,
} from "../../../support/stores/pgbouncer.ts";
import { PostgresCluster } from "../../../../lab/harness/postgres_cluster.ts";
import { Program, ROOT } from "../../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { until } from "../../../../lab/harness/until.ts";
import {
  OutcomeUnknownError,
  startRelay,
  type Store,
  StoreError,
} from "../../../../server/mod.ts";
import { openPostgresStore } from "../../../../server/store/postgres/mod.ts";
import type { ClientId } from "../../../../shared/wire/protocol.ts";
import { adminPrints } from "../../../support/stores/admin.ts";
import { idOrRefusal } from "../../../support/stores/made_store.ts";
import {
  postgresTest,
  withoutPostgres,
} from "../../../support/stores/postgres.ts";
import { SHELL, testWith } from "../../../support/test_with.ts";
import { missing, OPENSSL } from "../../../support/test_with_tool.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";

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
      const isUnknown = (error: unknown) =>
        error instanceof OutcomeUnknownError;
      const kept = () => cluster.sql("SELECT count(*) FROM messages", url);
      for (;;) {
        // It gets there, and its answer doesn't get back.
        way.answerBytes = 0;
        const sent = peer.send(anna, anna, new Uint8Array(2));
        const error = await assertRejects(() => sent, Error);
        way.answerBytes = Infinity;
        if (error.message === "Expected a response, got the end") break;
        // The answer to another statement was lost first: this one never ran.
        assertEquals(error.message, "Expected 2103: 9000");
        assert(!reports.some(isUnknown));
        assertEquals(await kept(), "1");
      }
      assert(reports.some(isUnknown));
      // It was kept, as it happens.
      assertEquals(await kept(), "2");
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
  await program.stop();
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

const idOf = (byte: number) =>
  new Uint8Array(16).fill(byte) as Uint8Array as ClientId;
const NO_QUOTA = { messages: 0, bytes: 0 };

const withoutPooler = await hasPgBouncer()
  ? undefined
  : "PgBouncer isn't installed";

postgresTest(
  "relays work behind a pooler that mixes up prepared statements",
  async ({ cluster, url }) => {
    await using folder = await temporaryFolder();
    await using pooler = await startPgBouncer(cluster, folder.path);
    const through = (url: string) => url.replace(/:\d+\//, `:${pooler.port}/`);
    const notices: string[] = [];
    const stores: Store[] = [];
    try {
      for (let i = 0; i < 2; i++) {
        stores.push(
          await openPostgresStore(through(url), (text) => notices.push(text)),
        );
      }
      const [first = "", second = ""] = notices;
      assertMatch(
        first,
        /^a pooler is in front of the database \(PgBouncer [\d.]+\)/,
      );
      assertMatch(second, /^a pooler is in front of the database/);
      await Promise.all(stores.map(async (store, i) => {
        const id = idOf(i + 1);
        const publicKey = new Uint8Array(160);
        await store.register({ id, name: `user-${i}`, publicKey }, new Date());
        // The large ones are transactions of several statements.
        const sizes = [...Array(20).fill(1000), 1_200_000, 1_200_000];
        const ids = await Promise.all(sizes.map((size) =>
          store.send({
            recipient: id,
            sender: id,
            type: 3,
            content: new Uint8Array(size),
          }, NO_QUOTA).then(idOrRefusal)
        ));
        assertEquals(ids.length, Number(ids.at(-1)));
        const budget = { bytes: 1e9, perMessage: 25 };
        assertEquals((await store.waiting(id, budget)).length, ids.length);
        await store.delete(id, { runs: [[1, 5]], bytes: 5000 });
      }));
      assertMatch(
        await adminPrints(through(url), "stats"),
        /^waiting +34 messages/m,
      );
      // As if another server had taken the old one's place behind the pooler.
      await cluster.sql(
        "UPDATE relay SET Value = Value - 1 WHERE Name = 'timeline'",
        url,
      );
      await until("ids that are raised", async () => {
        (await stores[0]?.requester(idOf(1)))?.position;
        return notices.some((text) => /went from timeline/.test(text));
      });
    } finally {
      for (const store of stores) await store.close();
    }
    const unsafe = await cluster.database();
    const name = new URL(unsafe).pathname.slice(1);
    await cluster.sql(`ALTER DATABASE ${name} SET synchronous_commit = local`);
    await assertRejects(
      () => openPostgresStore(through(unsafe)),
      StoreError,
      "they begin with synchronous_commit = local",
    );
  },
  withoutPooler,
);

const library = await faketimeLibrary();

postgresTest(
  "messages arrive and grow old by the database's clock",
  async ({ cluster, url }) => {
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
  },
  library === undefined ? "libfaketime isn't installed" : undefined,
);
