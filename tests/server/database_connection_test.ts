/** What happens on the way to a database. */

import { assertEquals, assertRejects } from "@std/assert";
import type { ClientId } from "../../shared/protocol.ts";
import { OutcomeUnknownError, startRelay } from "../../server/mod.ts";
import { openPostgresStore } from "../../server/store/postgres/mod.ts";
import { PostgresCluster } from "../../tools/postgres_cluster.ts";
import { Peer } from "../support/peer.ts";
import { postgresTest } from "../support/postgres.ts";
import { Program, ROOT } from "../support/program.ts";
import { temporaryFolder } from "../support/resources.ts";
import { SHELL, testWith } from "../support/test_with.ts";

/** A way to a database that can be cut. */
class Way implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #port: number;
  readonly #conns = new Set<Deno.TcpConn>();
  readonly #accepting: Promise<void>;
  /** The next request gets there, and its answer doesn't get back. */
  cutNextAnswer = false;

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
    this.#accepting = this.#accept();
  }

  url(url: string): string {
    const to = new URL(url);
    to.port = `${this.#listener.addr.port}`;
    return to.href;
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.#port,
      });
      this.#conns.add(near).add(far);
      void this.#pass(near, far, () => false);
      void this.#pass(far, near, () => this.cutNextAnswer);
    }
  }

  async #pass(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    isCut: () => boolean,
  ): Promise<void> {
    try {
      const buffer = new Uint8Array(65_536);
      for (let size; (size = await from.read(buffer)) !== null;) {
        if (isCut()) break;
        for (let at = 0; at < size;) {
          at += await to.write(buffer.subarray(at, size));
        }
      }
    } catch {
      // The other side is gone.
    }
    this.#close(from);
    this.#close(to);
  }

  #close(conn: Deno.TcpConn): void {
    if (this.#conns.delete(conn)) conn.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) this.#close(conn);
    await this.#accepting;
  }
}

postgresTest(
  "a message whose commit wasn't heard of is neither acknowledged nor refused",
  async ({ cluster, url }) => {
    await using way = new Way(url);
    const store = await openPostgresStore(way.url(url));
    const reports: unknown[] = [];
    const relay = startRelay({
      listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
      store,
      report: (error) => reports.push(error),
    });
    try {
      const { port } = relay.address;
      const address = { hostname: "127.0.0.1", port };
      using peer = await Peer.connect(address);
      const anna = await peer.register("anna");
      assertEquals(await peer.send(anna, anna, new Uint8Array(1)), 1);
      way.cutNextAnswer = true;
      await assertRejects(
        () => peer.send(anna, anna, new Uint8Array(2)),
        Error,
        "Expected an answer, got the end",
      );
      way.cutNextAnswer = false;
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

const hasOpenssl = await Deno.permissions.query({ name: "run", command: "sh" })
  .then(({ state }) => state === "granted") &&
  (await new Deno.Command("sh", { args: ["-c", "command -v openssl"] })
    .output()).success;
const missing = await PostgresCluster.path() === undefined
  ? "PostgreSQL isn't installed"
  : hasOpenssl
  ? undefined
  : "openssl isn't installed";

if (missing !== undefined) {
  Deno.test({
    name: `a relay keeps to TLS when it connects again (skipped: ${missing})`,
    ignore: true,
    fn() {},
  });
} else {
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
    await using program = Program.deno(
      [
        ...["run", "--no-prompt", "--allow-read"],
        ...["--allow-env=MESSAGEU_STORE", `--allow-run=${Deno.execPath()}`],
        `${ROOT}server/launch.ts`,
        ...["--dir", path, "--host", "127.0.0.1", "--port", "0"],
      ],
      ROOT,
      {
        MESSAGEU_STORE:
          `${url}?sslmode=verify-full&sslrootcert=${path}/cert.pem`,
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
  });
}

/** Connections break as the server stops; once one stands again all is well. */
async function sendMany(peer: Peer, anna: ClientId): Promise<number[]> {
  const ids: number[] = [];
  for (let i = 0; i < 20; i++) {
    ids.push(await peer.send(anna, anna, new Uint8Array(i)));
  }
  return ids;
}
