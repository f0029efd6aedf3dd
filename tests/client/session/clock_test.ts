import { assertEquals } from "@std/assert";
import { RelayLink, Session } from "../../../client/mod.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { pull } from "../../support/clients/receiving.ts";

const HOUR = 60 * 60_000;

/** A clock that shows what a test says. */
function setClock(): { ahead: number } & Disposable {
  const real = Date.now;
  const clock = {
    ahead: 0,
    [Symbol.dispose]() {
      Date.now = real;
    },
  };
  Date.now = () => real() + clock.ahead;
  return clock;
}

testWith(
  LOOPBACK_AND_FILES,
  "what was written last comes last, whatever the clock said",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const link = () => new RelayLink(() => Promise.resolve(relay.address));
    using anna = new Session(`${folder.path}/anna`, link());
    using ben = new Session(`${folder.path}/ben`, link());
    using noa = new Session(`${folder.path}/noa`, link());
    await anna.register("anna");
    await ben.register("ben");
    await noa.register("noa");
    await ben.outbox.sendKey("anna");
    const pulling = () => pull(anna, { message: () => {}, problem: () => {} });
    await pulling();
    const order = () => anna.contacts.all().map(({ name }) => name);
    const last = (hours: number) =>
      anna.messages.list({ since: Date.now() - hours * HOUR })
        .map(({ text, kind }) => text ?? kind);
    {
      using clock = setClock();
      clock.ahead = 30_000 * HOUR;
      await anna.outbox.sendText("ben", "in years");
      assertEquals(last(1), ["in years"]);
      clock.ahead = 0;
      await anna.outbox.sendText("noa", "now");
      assertEquals(order(), ["noa", "ben"]);
      clock.ahead = 2 * HOUR;
      assertEquals(last(1), []);
      await anna.outbox.sendText("noa", "later");
      assertEquals(last(1), ["later"]);

      using bot = await anna.consumer("bot", { since: Date.now() });
      using early = await anna.consumer("early", {
        since: Date.now() + HOUR,
      });
      // What comes in while the clock is behind has come in since then.
      clock.ahead = -50_000 * HOUR;
      await ben.outbox.sendText("anna", "in the past");
      await pulling();
      assertEquals(bot.next(9).map(({ text }) => text), ["in the past"]);
      assertEquals(order(), ["ben", "noa"]);
      clock.ahead = 2 * HOUR;
      assertEquals(last(1), ["later", "in the past"]);
      assertEquals(early.next(9), []);
      clock.ahead = 4 * HOUR;
      await ben.outbox.sendText("anna", "tomorrow");
      await pulling();
      assertEquals(early.next(9).map(({ text }) => text), ["tomorrow"]);
    }
  },
);
