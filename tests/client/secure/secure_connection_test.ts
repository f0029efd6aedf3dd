/** Connections to secure ports, and links that make them anew (sections 2, 4 and 5 of docs/secure.md). */

import { type AddressInfo, createServer, type Socket } from "node:net";
import { assertEquals, assertRejects } from "@std/assert";
import { ConnectionError } from "../../../client/mod.ts";
import { startChannel } from "../../../client/secure/channel.ts";
import { RefusedError } from "../../../client/secure/refused_error.ts";
import { SecureConnection } from "../../../client/secure/secure_connection.ts";
import {
  deleteAccount,
  enrol,
} from "../../../client/secure/signed_requests.ts";
import { SecureRelays } from "../../../client/secure/secure_link.ts";
import { SecureSession } from "../../../client/secure/secure_session.ts";
import { registerAccount } from "../../../client/secure/secure_registration.ts";
import { MemoryStore } from "../../../server/mod.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import { RefusalReason } from "../../../shared/secure/secure_protocol.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import { formatAddress } from "../../../shared/folder/info_files.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { unlimited } from "../../support/clients/secure_people.ts";
import {
  LOOPBACK,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";

const pinned = ({ key, ...address }: RelayLine) => ({
  ...address,
  keys: [key],
});
const options = { environment: () => undefined };

testWith(LOOPBACK, "a connection serves an account by its keys", async (t) => {
  await using relay = await startSecureRelay(unlimited);
  const anna = await drawIdentity("anna");
  const device = { id: anna.device, signingKey: anna.signing };
  const { account } = anna.record;
  using connection = await SecureConnection.open(pinned(relay.line), options);

  await t.step("not before it is authenticated", async () => {
    const { reason, retryAfter } = await assertRejects(
      () => connection.request("ping", {}),
      RefusedError,
    );
    assertEquals([reason, retryAfter], [RefusalReason.NotAuthenticated, 0]);
  });

  await t.step("which registration and signature make it", async () => {
    const { publicKey, record } = anna;
    await enrol(connection, {
      publicKey,
      account,
      record: record.bytes,
      device,
    });
    await connection.greet();
    const state = await connection.authenticate(device, 7, 1);
    assertEquals([state.highestCount, state.recordVersion], [7, 1]);
  });

  await t.step("requests at once get their own responses", async () => {
    const by = { account };
    const [found, , missing, outcomes] = await Promise.all([
      connection.request("lookUp", { by }),
      connection.request("ping", {}),
      assertRejects(
        () => connection.request("lookUp", { by: { name: "ben" } }),
        RefusedError,
        "The relay refused to look up: it doesn't know the account",
      ),
      connection.request("outcome", { uids: [] }),
    ]);
    assertEquals(found.record, anna.record.bytes);
    assertEquals(missing.reason, RefusalReason.Unknown);
    assertEquals(outcomes, { outcomes: [] });
  });

  await t.step("pings keep it alive", async () => {
    const pinged = Promise.withResolvers<void>();
    const ask = connection.request.bind(connection);
    connection.request = async (kind, payload) => {
      const response = await ask(kind, payload);
      if (kind === "ping") pinged.resolve();
      return response;
    };
    connection.keepAlive(1);
    await pinged.promise;
  });

  await t.step("until the account is deleted", async () => {
    await deleteAccount(connection, { account }, anna.identity);
    await assertRejects(() =>
      connection.request("lookUp", { by: { account } })
    );
  });

  await t.step("and none after it is closed", async () => {
    connection.close();
    await assertRejects(
      () => connection.request("ping", {}),
      ConnectionError,
      `The connection to ${formatAddress(relay.line)} broke`,
    );
  });
});

testWith(LOOPBACK_AND_FILES, "a link goes on at another relay", async () => {
  const store = new MemoryStore();
  await using one = await startSecureRelay({ ...unlimited, store });
  await using two = await startSecureRelay({ ...unlimited, store });
  await using folder = await temporaryFolder();
  const dir = `${folder.path}/anna`;
  const relays = new SecureRelays(
    () => [one, two].map(({ line }) => pinned(line)),
    () => undefined,
  );
  await registerAccount(dir, "anna", relays);
  using session = new SecureSession(dir, relays);
  const { address } = await session.link.connected();
  const [first, other] = address.port === one.line.port
    ? [one, two]
    : [two, one];
  await first.close();
  await session.link.request("ping", {});
  const { address: next } = await session.link.connected();
  assertEquals(next.port, other.line.port);
});

testWith(
  LOOPBACK,
  "a relay that leaves the folder's lines meanwhile isn't asked",
  async () => {
    await using one = await startSecureRelay(unlimited);
    await using two = await startSecureRelay(unlimited);
    const lines = [one, two].map(({ line }) => pinned(line));
    const relays = new SecureRelays(
      () => lines.length > 1 ? [lines.shift() ?? pinned(one.line)] : lines,
      () => undefined,
    );
    await assertRejects(
      () => relays.connect(),
      ConnectionError,
      `${formatAddress(two.line)} isn't a relay of this folder any more`,
    );
    (await relays.connect()).close();
  },
);

testWith(
  LOOPBACK,
  "a connection that is reset before the handshake is a broken one",
  async () => {
    const { publicKey } = await generateSigningKey();
    const accepted = Promise.withResolvers<Socket>();
    const server = createServer((socket) => accepted.resolve(socket));
    const listening = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", () => listening.resolve());
    await listening.promise;
    const { port } = server.address() as AddressInfo;
    const address = { hostname: "127.0.0.1", port };
    try {
      const conn = await Deno.connect(address);
      const socket = await accepted.promise;
      const reset = Promise.withResolvers<void>();
      socket.on("close", () => reset.resolve());
      socket.resetAndDestroy();
      await reset.promise;
      await assertRejects(
        () => startChannel({ conn, address }, [publicKey]),
        ConnectionError,
        "The handshake with",
      );
    } finally {
      server.close();
    }
  },
);
