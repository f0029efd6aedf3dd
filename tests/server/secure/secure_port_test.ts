/** The port that a relay opens for the secure protocol. */

import { assertEquals, assertRejects } from "@std/assert";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { SecurePeer } from "../../../lab/harness/secure/peer.ts";
import { MemoryStore, startRelay } from "../../../server/mod.ts";
import { openSecurePort } from "../../../server/secure/port/secure_port.ts";
import {
  makeRelayKey,
  relayKeyFiles,
  switchRelayKey,
} from "../../../server/secure/port/relay_key.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const hostname = "127.0.0.1";

testWith(
  LOOPBACK_AND_FILES,
  "the secure port shows the key that waits in the folder",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    const open = async () => {
      const place = { hostname, port: 0, isDefault: false, dir };
      const port = await openSecurePort(place, unexpected);
      if (port === undefined) throw new Error("Expected a port");
      return port;
    };
    const first = await open();
    assertEquals(first.newKey, `${dir}/relay.key`);
    first.listener.close();
    const files = relayKeyFiles(dir);
    await makeRelayKey(files.next);
    const again = await open();
    assertEquals(again, {
      listener: again.listener,
      relayKey: first.relayKey,
    });
    again.listener.close();
    const { publicKey } = await switchRelayKey(files);
    const store = new MemoryStore();
    const relay = startRelay({
      listener: Deno.listen({ hostname, port: 0 }),
      store,
      secure: { ...await open(), retention: 1000 },
    });
    try {
      const { port = 0 } = relay.secureAddress ?? {};
      using peer = await SecurePeer.connect({ hostname, port, key: publicKey });
      assertEquals((await peer.hello()).relayKey, publicKey);
      // A client that knows the old line only ends the connection itself.
      await assertRejects(
        () => SecurePeer.connect({ hostname, port, key: first.relayKey }),
        Error,
        "certificate",
      );
    } finally {
      await relay.close();
      await store.close();
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a relay goes without a default port that it can't have",
  async () => {
    await using folder = await temporaryFolder();
    const taken = Deno.listen({ hostname, port: 0 });
    try {
      const { port } = taken.addr;
      const cases: [port: number, dir: string, reason: string][] = [
        [
          port,
          folder.path,
          `127.0.0.1:${port} is in use: stop the other program (if it was stopped just now, wait a minute), or take another port with --secure-port`,
        ],
        [
          0,
          `${folder.path}/none`,
          `${folder.path}/none/relay.key can't be made: no such file or folder`,
        ],
      ];
      for (const [port, dir, reason] of cases) {
        const place = { hostname, port, dir };
        const warnings: string[] = [];
        const found = await openSecurePort(
          { ...place, isDefault: true },
          (text) => warnings.push(text),
        );
        assertEquals(found, undefined);
        assertEquals(warnings, [
          `${reason}. The relay serves without a secure port`,
        ]);
        await assertRejects(
          () => openSecurePort({ ...place, isDefault: false }, unexpected),
          Error,
          `${reason}; --secure-port off goes without one`,
        );
      }
      // A key that is there and can't be used is never a reason to go without.
      await Deno.writeTextFile(`${folder.path}/relay.key`, "", { mode: 0o600 });
      await assertRejects(
        () =>
          openSecurePort(
            { hostname, port, dir: folder.path, isDefault: true },
            unexpected,
          ),
        Error,
        "is damaged",
      );
    } finally {
      taken.close();
    }
  },
);

function unexpected(text: string): never {
  throw new Error(`Expected no warning, got ${text}`);
}
