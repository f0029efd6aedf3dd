import { testRelay } from "../../../lab/harness/resources.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { until } from "../../../lab/harness/until.ts";
import { ControlledChat } from "../../support/clients/controlled_chat.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const SIZE = { columns: 80, rows: 24 };

testWith(
  LOOPBACK_AND_FILES,
  "a key, and the focus, end the long pause of an idle chat",
  async () => {
    let polls = 0;
    await using relay = await testRelay({
      watcher: {
        requested({ code }) {
          if (code === 604) polls++;
          return { ended() {} };
        },
      },
    });
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    // Stands still, so that nothing but an event makes a poll due.
    let now = 0;
    await using chat = new ControlledChat(anna, SIZE, "ben", () => now);
    await chat.see("connected");
    const later = async () => {
      const before = polls;
      now += 2 * 3_600_000;
      await until("the last poll for a long time", () => polls > before);
      now += 1000;
    };
    await later();
    await ben.outbox.sendText("anna", "are you there?");
    chat.type("y");
    await chat.see("are you there?");
    chat.focus(false);
    await later();
    await ben.outbox.sendText("anna", "come back");
    chat.focus(true);
    await chat.see("come back");
  },
);
