/**
 * The relay under test, on the database that the first argument names, a file
 * or a URL, its limits off: `port`, `line` for the secure port, and `stats` for
 * what it has written and used. With `loop` as the second its writer has no
 * thread of its own.
 */

import { openSqliteStore, startRelay } from "../../../server/mod.ts";
import { openPostgresStore } from "../../../server/store/postgres/mod.ts";
import { openWithWriter } from "../../../server/store/sqlite/sqlite.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import { relayCredentials } from "../../../shared/secure/relay_certificate.ts";
import { formatRelayLine } from "../../../shared/secure/relay_line.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import { serveCommands, usage } from "./child.ts";
import { LoopWriter } from "./loop_writer.ts";

/** Milliseconds for which messages wait: 30 days. */
const RETENTION = 30 * 86_400_000;
const [path, writer] = Deno.args;
if (path === undefined) {
  throw new Error("Expected the database's path, got none");
}
const store = path.startsWith("postgres:")
  ? await openPostgresStore(path)
  : writer === "loop"
  ? await openWithWriter(path, {}, () => Promise.resolve(new LoopWriter(path)))
  : await openSqliteStore(path);
const place = { hostname: "127.0.0.1", port: 0 } as const;
const relayKey = await generateSigningKey();
const relay = startRelay({
  listener: Deno.listen(place),
  secure: {
    listener: Deno.listenTls({ ...place, ...await relayCredentials(relayKey) }),
    relayKey: relayKey.publicKey,
    retention: RETENTION,
  },
  store,
  limits: {
    maxConnections: 0,
    maxConnectionsPerAddress: 0,
    maxWaiting: 0,
    maxWaitingBytes: 0,
    registrationsPerMinute: 0,
    secureHandshakes: 0,
  },
  report: (error) => console.error(`error: ${reasonOf(error)}`),
});

await serveCommands({
  port: () => relay.address.port,
  line: () =>
    formatRelayLine({
      hostname: place.hostname,
      port: relay.secureAddress?.port ?? 0,
      key: relayKey.publicKey,
    }),
  stats() {
    const { count, sum } = store.commits.writes;
    return { commits: count, writes: sum, ...usage() };
  },
});

await relay.close();
await store.close();
