import { defineVerb, type Verb } from "../verb/verb.ts";

/** Runs the menu, which is what no verb means. */
export const verb: Verb = defineVerb({
  brief: "The console menu, which is also what no verb means",
  flags: {},
  args: [],
  async task(work) {
    const [{ describeFailure, UserError }, { runMenu }, { standardTerminal }] =
      await Promise.all([
        import("../../../errors.ts"),
        import("../../menu.ts"),
        import("../../terminal.ts"),
      ]);
    /** What is wrong is said; the menu comes all the same. */
    const tell = async (step: () => Promise<unknown>) => {
      try {
        await step();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        console.log(describeFailure(error));
      }
    };
    const locate = await work.locator((text) => console.log(text));
    // Whoever misses the address first says so, and nobody a second time.
    const session = await work.session(locate);
    await tell(locate);
    await tell(async () => {
      const { printableLine } = await import("../../printable.ts");
      const me = await session.identity();
      if (me !== undefined) console.log(`You are ${printableLine(me.name)}`);
    });
    try {
      await runMenu(session, standardTerminal());
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      // Nobody reads the menu any more.
    }
  },
});
