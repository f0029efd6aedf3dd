import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConnectionError, RelayLink, Session } from "../../../client/mod.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import type { ListedClient } from "../../../shared/wire/requests.ts";
import { LyingRelay } from "../../support/relays/lying_relay.ts";
import { answers, lying } from "../../support/relays/misbehaviour.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

/** Users of a relay with many. */
const MANY = 4500;

function user(number: number): ListedClient {
  const clientId = new Uint8Array(16).fill(1);
  new DataView(clientId.buffer).setUint32(0, number);
  return {
    clientId: clientId as Uint8Array as ClientId,
    name: `user${number}`,
  };
}

testWith(
  LOOPBACK_AND_FILES,
  "a large list goes into the folder a little at a time, and only what changed",
  async () => {
    await using relay = new LyingRelay();
    await using folder = await temporaryFolder();
    const start = () =>
      new Session(
        folder.path,
        new RelayLink(() => Promise.resolve(relay.address)),
      );
    using anna = start();
    using other = start();
    await anna.register("anna");
    await anna.outbox.requestKey("ben").catch(() => {});
    relay.listed = Array.from({ length: MANY }, (_, number) => user(number));

    // Another client in the folder comes in between.
    const sizes = new Set<number>();
    let isDone = false;
    const listing = anna.contacts.fetch().finally(() => isDone = true);
    while (!isDone) {
      sizes.add(other.contacts.all().length);
      await new Promise((resolve) => setTimeout(resolve));
    }
    assertEquals((await listing).length, MANY);
    assert([...sizes].some((size) => size > 1 && size < MANY), `${[...sizes]}`);

    const names = () => anna.contacts.all().map(({ name }) => name);
    const expected = relay.listed.map(({ name }) => name);
    assertEquals(names(), ["ben", ...expected.toSorted()]);
    const { version } = anna.store.database;
    assertEquals(await anna.contacts.fetch(), expected);
    assertEquals(
      anna.store.database.version,
      version,
      "nothing is written for the same list",
    );

    // One is gone, one is new, and two have swapped their names.
    const [first, second] = [user(1), user(2)];
    relay.listed = [
      { ...first, name: second.name },
      { ...second, name: first.name },
      ...relay.listed.slice(3),
      user(MANY),
    ];
    await anna.contacts.fetch();
    assertEquals(names().length, MANY + 1);
    assert(!names().includes("user0") && names().includes(`user${MANY}`));
    const byName = new Map(
      anna.contacts.all().map((
        { name, contactId },
      ) => [name, contactId.toHex()]),
    );
    assertEquals(byName.get("user1"), second.clientId.toHex());
    assertEquals(byName.get("user2"), first.clientId.toHex());
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a list has a limit",
  async () => {
    await using server = new ScriptedServer();
    await using folder = await temporaryFolder();
    using anna = new Session(
      folder.path,
      new RelayLink(() => Promise.resolve(server.address)),
    );
    server.script = answers({
      601: lying(2101, 271_000_000, new Uint8Array()),
    });
    await anna.register("anna");
    await assertRejects(
      () => anna.contacts.fetch(),
      ConnectionError,
      "claims a response of 271000000 bytes, expected 268435456 at most",
    );
  },
);
