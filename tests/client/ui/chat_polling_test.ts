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
    const events: Record<string, (chat: ControlledChat) => void> = {
      "a key": (chat) => chat.type("y"),
      "the focus": (chat) => chat.focus(true),
    };
    for (const [name, event] of Object.entries(events)) {
      // Stands still, so that nothing but the event makes a poll due.
      let now = 0;
      await using chat = new ControlledChat(anna, SIZE, "ben", () => now);
      await chat.see("connected");
      chat.focus(false);
      const before = polls;
      now += 2 * 3_600_000;
      await until("the last poll for a long time", () => polls > before);
      // Takes several turns, so that the chat has the response to that poll.
      await ben.outbox.sendText("anna", `sent before ${name}`);
      now += 1000;
      event(chat);
      await chat.see(`sent before ${name}`);
    }
  },
);
