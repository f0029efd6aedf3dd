import { describeFailure, UserError } from "../../../errors.ts";
import { runMenu } from "../../menu.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { standardTerminal } from "../../terminal.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Runs the menu, which is also what no verb means. */
export const verb: Verb = defineVerb({
  brief: "The console menu, which is also what no verb means",
  async task(work) {
    const terminal = standardTerminal(work.io);
    const say = (text: string) => terminal.print(`${text}\n`);
    /** Says what is wrong; the menu comes in any case. */
    const tell = async (step: () => Promise<unknown>) => {
      try {
        await step();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        say(describeFailure(error));
      }
    };
    try {
      const locate = await work.locator(say);
      // The address is looked for, and missed, once.
      const session = await work.session(locate);
      await tell(locate);
      await tell(async () => {
        const me = await session.identity();
        if (me !== undefined) say(`You are ${printableLine(me.name)}`);
      });
      await runMenu(session, terminal);
    } catch (error) {
      // Without a reader the menu ends.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  },
});
