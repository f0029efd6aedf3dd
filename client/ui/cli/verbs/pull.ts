import {
  complain,
  Complaints,
  exitCodes,
  writeMessage,
} from "../verb/report.ts";
import { execFlag, runForMessage } from "../verb/message_command.ts";
import { Stop, watch } from "../verb/watch.ts";
import { messageData } from "../verb/output.ts";
import { defineVerb, type Verb, type Work } from "../verb/verb.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";
import { UserError } from "../../../errors.ts";
import type { MessageToShow } from "../../../session/receive_event.ts";
import type { Message } from "../../../store/message.ts";
import type { Session } from "../../../session/session.ts";
import { ProgressLine } from "../../transfer_progress.ts";

/** Shows new messages to the user or to a command. */
class Viewer {
  readonly #work: Work;
  readonly #command: string | undefined;
  readonly #stop: Stop | undefined;
  /** Messages whose command failed; left for the next run. */
  readonly #failed = new Set<number>();
  #exitCode: number = exitCodes.done;
  #isShowing = false;

  /** @param stop ends the output, also while it waits for a reader */
  constructor(work: Work, command: string | undefined, stop?: Stop) {
    this.#work = work;
    this.#command = command;
    this.#stop = stop;
  }

  get exitCode(): number {
    return this.#exitCode;
  }

  /** Whether a message is being shown. */
  get isShowing(): boolean {
    return this.#isShowing;
  }

  /** Shows a message, and marks it as shown on success. */
  async show({ message, markShown }: MessageToShow): Promise<void> {
    this.#isShowing = true;
    try {
      if (await this.#show(message)) markShown();
    } finally {
      this.#isShowing = false;
    }
  }

  async #show(message: Message): Promise<boolean> {
    const { output, io } = this.#work;
    if (this.#stop?.wanted || this.#failed.has(message.id)) return false;
    if (this.#command === undefined) {
      const writing = writeMessage(output, message);
      if (this.#stop !== undefined) return await this.#stop.unless(writing);
      await writing;
      return true;
    }
    const failure = await runForMessage(
      this.#command,
      message,
      io.platform,
    );
    if (failure === undefined) return true;
    this.#exitCode = exitCodes.failure;
    // A message outside the store has no number.
    if (message.id !== 0) this.#failed.add(message.id);
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
}

/** Receives messages and shows them. */
export const verb: Verb = defineVerb({
  brief: "Receive, and print new messages; --watch runs continuously",
  examples: [
    "messageu pull",
    "messageu pull --watch --json",
    "messageu pull --exec 'cat >> inbox.txt'",
  ],
  prints: [messageData],
  flags: {
    watch: switchFlag("Run until a signal"),
    exec: execFlag,
  },
  startsPrograms: ({ exec }) => exec !== undefined,
  goesOn: ({ watch }) => watch === true,
  async task(work, flags) {
    const { output } = work;
    const session = await work.session();
    const complaints = new Complaints(output);
    if (!flags.watch) {
      const viewer = new Viewer(work, flags.exec);
      const progress = new ProgressLine(work.io.stderr);
      const events = session.pull({
        progress: output.json ? undefined : progress.start("Receiving"),
      });
      for await (const event of events) {
        if (event.kind === "stored") continue;
        progress.end();
        if (event.kind === "problem") complaints.tell(event.error);
        if (event.kind === "notice") output.say(event.text);
        if (event.kind === "message") await viewer.show(event);
      }
      return viewer.exitCode || complaints.exitCode;
    }
    using stop = new Stop(work.io, work.isHangupIgnored);
    const viewer = new Viewer(work, flags.exec, stop);
    const watching = watch({ session, output, stop, complaints });
    for await (const event of watching) {
      if (event.kind === "message") await viewer.show(event);
      else {
        const showing = showAll(session, viewer);
        // On a signal, waits for its own command only.
        if (!await stop.unless(showing) && viewer.isShowing) await showing;
      }
      if (stop.wanted) break;
    }
    return stop.exitCode || complaints.exitCode;
  },
});

async function showAll(session: Session, viewer: Viewer): Promise<void> {
  for await (const event of session.unshown()) await viewer.show(event);
}
