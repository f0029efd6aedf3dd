import { NOTIFY_MODES } from "../../chat/model/commands.ts";
import { nameArgument } from "../verb/arguments.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Talks on the whole screen. */
export const verb: Verb = defineVerb({
  brief: "Talk on the whole screen; see docs/chat.md",
  flags: {
    notify: {
      kind: "enum",
      values: NOTIFY_MODES,
      default: "bell",
      brief: "How to tell of messages that arrive elsewhere",
    },
  },
  args: [{ ...nameArgument, brief: "With whom first", optional: true }],
  // An editor for long texts.
  startsPrograms: () => true,
  readsEnvironment: true,
  goesOn: () => true,
  async task(work, { notify }, name) {
    const { runChat } = await import("../../chat/run/chat.ts");
    // What there is to say of the relay's address is said before the screen is taken.
    await (await work.locator())();
    const session = await work.session(() => {});
    return await runChat(session, {
      notify,
      isHangupIgnored: work.isHangupIgnored,
      ...(name === undefined ? {} : { name }),
    });
  },
});
