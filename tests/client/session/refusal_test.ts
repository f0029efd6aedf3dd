import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  ConnectionError,
  RelayLink,
  ServerRefusedError,
  Session,
  UnknownContactError,
  UserError,
} from "../../../client/mod.ts";
import { checkRelays } from "../../../client/ui/cli/doctor_checks.ts";
import {
  temporaryFolder,
  type TestRelay,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

const linkTo = ({ address }: TestRelay) =>
  new RelayLink(() => Promise.resolve(address));

/** A refusal's hint; the sentence is always the same. */
async function hintOf(refused: () => Promise<unknown>): Promise<string> {
  const { message, hint } = await assertRejects(refused, ServerRefusedError);
  assertEquals(message, "server responded with an error");
  return hint ?? "";
}

testWith(
  LOOPBACK_AND_FILES,
  "each refusal says what it may mean",
  async (t) => {
    await using relay = await testRelay({ limits: { maxWaiting: 1 } });
    await using other = await testRelay();
    await using folder = await temporaryFolder();
    const dirOf = (name: string) => `${folder.path}/${name}`;
    using anna = new Session(dirOf("anna"), linkTo(relay));
    using ben = new Session(dirOf("ben"), linkTo(relay));
    const { clientId } = await anna.register("anna");
    await ben.register("ben");
    const unknown = "This relay may not know you: ";

    await t.step("the name may be taken", async () => {
      using second = new Session(dirOf("second"), linkTo(relay));
      const hint = await hintOf(() => second.register("anna"));
      assertStringIncludes(hint, "The name may be taken");
    });

    await t.step("another relay doesn't know the user", async () => {
      using elsewhere = new Session(dirOf("anna"), linkTo(other));
      for (
        const ask of [
          () => elsewhere.contacts.fetch(),
          () => Array.fromAsync(elsewhere.pull()),
        ]
      ) assertStringIncludes(await hintOf(ask), unknown);
      const [finding] = await checkRelays(
        [other.address],
        () => Promise.resolve(linkTo(other)),
        clientId,
      );
      assertEquals(finding?.what, "It responds, but refuses you");
      assertStringIncludes(finding?.advice ?? "", unknown);
    });

    await t.step("a relay that closes at once may be full", async () => {
      await using server = new ScriptedServer();
      server.script = () => {};
      const link = new RelayLink(() => Promise.resolve(server.address));
      const ask = () => link.clients(clientId);
      const { hint } = await assertRejects(ask, ConnectionError);
      assertStringIncludes(hint ?? "", "The relay may be full");
    });

    await t.step("the recipient's inbox may be full", async () => {
      // The key, which comes first, fills it.
      const hint = await hintOf(() => anna.outbox.sendText("ben", "hi"));
      assertStringIncludes(hint, "Too many messages may wait");
    });

    await t.step("the sender may have been removed", async () => {
      await relay.store.deleteUser(clientId);
      const hint = await hintOf(() => anna.outbox.sendText("ben", "hi"));
      assertStringIncludes(hint, unknown);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a mistyped name is told the one that is meant, and blanks don't count",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    using session = new Session(`${folder.path}/anna`, linkTo(relay));
    const anna = new VerbUser(`${folder.path}/anna`, relay.address);
    const ben = new VerbUser(`${folder.path}/ben`, relay.address);
    await anna.do("register", " anna ");
    assertEquals((await session.me()).name, "anna");
    await ben.do("register", "benjamin");
    const error = await assertRejects(
      () => session.contacts.named("Benjamn"),
      UnknownContactError,
      'There is no other client called "Benjamn"',
    );
    assertStringIncludes(error.hint ?? "", 'Did you mean "benjamin"? ');
    for (const verb of ["send", "history", "key"]) {
      const args = verb === "send" ? ["text"] : [];
      const { code, stderr } = await anna.run("", verb, "benjamim", ...args);
      assertEquals(code, 5);
      assertStringIncludes(stderr, '(Did you mean "benjamin"? ');
    }
    const sent = await session.outbox.sendText(" benjamin ", "hi");
    assertEquals(sent.contact, "benjamin");
    const { hint } = await assertRejects(
      () => session.contacts.named("zoe"),
      UnknownContactError,
    );
    assertEquals(hint, '"list --all" lists their names');
  },
);

testWith(LOOPBACK_AND_FILES, "an empty text isn't sent", async () => {
  await using relay = await testRelay();
  await using folder = await temporaryFolder();
  const anna = new VerbUser(`${folder.path}/anna`, relay.address);
  const ben = new VerbUser(`${folder.path}/ben`, relay.address);
  await anna.do("register", "anna");
  await ben.do("register", "ben");
  for (const [input, text] of [["", ""], ["", " \t"], ["\n", "-"]] as const) {
    const { code, stderr } = await anna.run(input, "send", "ben", text);
    assertEquals(code, 1);
    assertEquals(stderr, "error: The text is empty\n(Nothing was sent)\n");
  }
  await anna.do("list");
  assertEquals((await anna.do("history", "ben")).stdout, "");
  using session = new Session(`${folder.path}/anna`, linkTo(relay));
  await assertRejects(() => session.outbox.sendText("ben", "\n"), UserError);
});
