import { describeFailure, UserError } from "../../../errors.ts";
import { runMenu } from "../../menu.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { openTerminal } from "../../menu_terminal.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";

/** Runs the console menu. */
export const verb: Verb = defineVerb({
  brief: "Run the console menu, the default verb",
  examples: [
    "messageu",
    "messageu menu --dir alice",
  ],
  async task(work) {
    const { spell } = work.output;
    using terminal = await openTerminal(work.io);
    const say = (text: string) => terminal.print(`${text}\n`);
    /** Prints a failure, which doesn't keep the menu from starting. */
    const tell = async (step: () => Promise<unknown>) => {
      try {
        await step();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        say(describeFailure(error, spell));
      }
    };
    try {
      const addresses = await work.addresses();
      const session = await work.session();
      await tell(() => addresses.find());
      await tell(async () => {
        const me = await session.identity();
        if (me !== undefined) say(`You are ${printableLine(me.name)}`);
      });
      await runMenu({ session, addresses, spell }, terminal);
    } catch (error) {
      // Ends if the reader of the output has gone.
      if (!hasCode(error, "EPIPE")) throw error;
    }
  },
});
