/** Clients of relays that share one database, while the relays are killed. */

import { assert, assertEquals } from "@std/assert";
import {
  type Address,
  ConnectionError,
  RelayLink,
  Session,
} from "../../../client/mod.ts";
import { postgresTest } from "../../support/stores/postgres.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { until } from "../../../lab/harness/until.ts";
import { receive } from "../../support/clients/receiving.ts";

const RELAYS = 3;
const SENDERS = 3;
/** Each relay is killed twice. */
const KILLS = 2 * RELAYS;
/** Texts that are acknowledged between two kills, at least. */
const BETWEEN = 10;

postgresTest(
  "clients go on while their relays are killed, and lose and double nothing",
  async ({ url }) => {
    await using folder = await temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const programs: Program[] = [];
    const addresses: Address[] = [];
    const start = async (index: number) => {
      const port = `${addresses[index]?.port ?? 0}`;
      const program = Program.relayOn(url, folder.path, "--port", port);
      programs[index] = stack.use(program);
      addresses[index] = await program.address();
    };
    for (let index = 0; index < RELAYS; index++) await start(index);
    const enter = async (name: string) => {
      const link = new RelayLink(() => Promise.resolve(addresses));
      const session = stack.use(new Session(`${folder.path}/${name}`, link));
      await Deno.mkdir(`${folder.path}/${name}`);
      await session.register(name);
      return session;
    };
    const anna = await enter("anna");
    const ben = await enter("ben");
    await ben.outbox.sendText("anna", "begin");

    const sent: string[] = ["begin"];
    const unsure: string[] = [];
    let killing = true;
    const send = async (sender: number) => {
      for (let i = 0; killing; i++) {
        const text = `${sender}/${i}`;
        const failure = await ben.outbox.sendText("anna", text).then(
          () => undefined,
          (error) => error,
        );
        (failure === undefined ? sent : unsure).push(text);
        assert(failure === undefined || failure instanceof ConnectionError);
      }
    };
    const receiving = async () => {
      while (killing) await receive(anna, { problem: () => {} });
    };
    const working = Promise.allSettled([
      receiving(),
      ...Array.from({ length: SENDERS }, (_, sender) => send(sender)),
    ]);
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const before = sent.length;
        await until("more texts", () => sent.length > before + BETWEEN);
        programs[kill % RELAYS]?.kill("SIGKILL");
        await programs[kill % RELAYS]?.end();
        await start(kill % RELAYS);
      }
    } finally {
      killing = false;
      await working;
    }
    const failures = (await working).filter(({ status }) =>
      status === "rejected"
    );
    assertEquals(failures, []);

    await receive(anna, { problem: () => {} });
    const texts = anna.messages.list().filter(({ kind }) => kind === "text")
      .map(({ text }) => text ?? "");
    assertEquals(texts.length, new Set(texts).size);
    assertEquals(sent.filter((text) => !texts.includes(text)), []);
    const known = new Set([...sent, ...unsure]);
    assertEquals(texts.filter((text) => !known.has(text)), []);
    // A kill breaks off what is under way, and nothing after it.
    assert(unsure.length <= SENDERS * KILLS, `${unsure.length} weren't sent`);
  },
);
