import { choiceFlag } from "../../../../shared/cli/flags.ts";
import { SettingsFile } from "../../../settings/settings_file.ts";
import { NOTIFY_MODES } from "../../../settings/settings.ts";
import { exportReminder } from "../../../transfer/last_export.ts";
import { nameArgument } from "../verb/arguments.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Runs the chat. */
export const verb: Verb = defineVerb({
  brief: "Chat in full screen",
  examples: [
    "messageu chat",
    "messageu chat bob",
  ],
  flags: {
    notify: choiceFlag(
      NOTIFY_MODES.join("|"),
      "How to notify of messages in other conversations (default: the setting)",
      NOTIFY_MODES,
    ),
  },
  args: [{ ...nameArgument, brief: "The first conversation", optional: true }],
  // The editor for long texts.
  startsPrograms: () => true,
  readsEnvironment: true,
  goesOn: () => true,
  async task(work, { notify }, name) {
    const { runChat } = await import("../../chat/run/chat.ts");
    // Reports problems with the relay's address before the screen is taken over.
    await (await work.addresses()).find();
    const settings = await work.settings();
    const session = await work.session();
    const { dir } = work;
    const exit = await runChat(session, {
      notify: notify ?? settings.notify,
      colours: settings.colours,
      mouse: settings.mouse === "on",
      keepsFiles: settings.files !== undefined,
      keys: settings.keys,
      spell: work.output.spell,
      keep: async (name, value) =>
        await (await SettingsFile.read(dir)).change(name, value),
      isHangupIgnored: work.isHangupIgnored,
      platform: work.io.platform,
      ...(name === undefined ? {} : { name }),
    });
    const reminder = await exportReminder(dir);
    if (reminder !== undefined) {
      work.output.say(reminder.spelled(work.output.spell));
    }
    return exit;
  },
});
