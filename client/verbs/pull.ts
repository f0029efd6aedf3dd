import { complain, exitCodes } from "../cli/failure.ts";
import { execFlag, runForMessage } from "../cli/message_command.ts";
import { messageLine, messageObject } from "../cli/message_form.ts";
import { Stop } from "../cli/stop.ts";
import { defineVerb, type Verb } from "../cli/verb.ts";
import { watch } from "../cli/watch.ts";
import type { Work } from "../cli/work.ts";
import { UserError } from "../errors.ts";
import type { Message } from "../message.ts";
import { ProgressLine } from "../terminal.ts";

/** What the verb takes. */
interface Flags {
  watch: boolean | undefined;
  exec: string | undefined;
}

/** Shows what was received and not shown yet, to the user or to a command. */
class Viewer {
  readonly #work: Work;
  readonly #command: string | undefined;
  /** Messages whose command failed, which are left for the next run. */
  readonly #failed = new Set<number>();

  constructor(work: Work, command: string | undefined) {
    this.#work = work;
    this.#command = command;
  }

  get exitCode(): number {
    return this.#failed.size > 0 ? exitCodes.failure : exitCodes.done;
  }

  /** Resolves to false where the message couldn't be shown. */
  async show(message: Message): Promise<boolean> {
    const { output } = this.#work;
    if (this.#failed.has(message.id)) return false;
    const isContent = message.kind === "text" || message.kind === "file";
    if (this.#command === undefined) {
      await output.data(messageObject(message), messageLine(message));
    } else if (isContent) {
      const failure = await runForMessage(this.#command, message);
      if (failure === undefined) return true;
      this.#failed.add(message.id);
      complain(
        output,
        new UserError(
          `Message ${message.id}: ${failure}`,
          "It counts as not shown, and comes again with the next pull",
        ),
        { id: message.id },
      );
      return false;
    }
    return true;
  }
}

/** Receives messages and shows them. */
export const verb: Verb = defineVerb<Flags>({
  brief: "Receive, and print what wasn't shown yet; --watch goes on",
  flags: {
    watch: {
      kind: "boolean",
      brief: "Go on until a signal",
      optional: true,
      withNegated: false,
    },
    exec: execFlag,
  },
  args: [],
  startsPrograms: ({ exec }) => exec !== undefined,
  async task(work, flags) {
    const { output } = work;
    const session = await work.session();
    const viewer = new Viewer(work, flags.exec);
    const message = (one: Message) => viewer.show(one);
    if (!flags.watch) {
      const progress = new ProgressLine();
      await session.pull({
        message(one) {
          progress.end();
          return viewer.show(one);
        },
        problem(error) {
          progress.end();
          complain(output, error);
        },
        progress: output.json ? undefined : progress.start("Receiving"),
      });
      return viewer.exitCode;
    }
    using stop = new Stop();
    await watch({
      session,
      output,
      stop,
      unkept: message,
      handOut: async () => {
        await session.showNew((one) => !stop.wanted && message(one));
        return !stop.wanted;
      },
    });
    return stop.exitCode;
  },
});
