import { parseConsumer, sinceFlag } from "../verb/arguments.ts";
import {
  classify,
  complain,
  Complaints,
  exitCodes,
  writeMessage,
} from "../verb/report.ts";
import { execFlag, runForMessage } from "../verb/message_command.ts";
import { type Input, inputLines } from "../../terminal.ts";
import { type Round, Stop, watch } from "../verb/watch.ts";
import { messageData, type Output } from "../verb/output.ts";
import { defineVerb, type Verb, type Work } from "../verb/verb.ts";
import type { Platform } from "../../../../shared/platform/platform.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";
import { UserError } from "../../../errors.ts";
import type { Message, MessageNumber } from "../../../store/message.ts";
import type { Session } from "../../../session/session.ts";

/** Messages read from the store at a time. */
const AT_A_TIME = 50;

interface Flags {
  as: string;
  autoAck: boolean | undefined;
  since: number | undefined;
  replay: boolean | undefined;
  once: boolean | undefined;
  exec: string | undefined;
}

type Consumer = Awaited<ReturnType<Session["consumer"]>>;

/** Hands messages to a consumer and reads its acknowledgements. */
class Listener {
  readonly #consumer: Consumer;
  readonly #output: Output;
  readonly #platform: Platform;
  readonly #stop: Stop;
  readonly #flags: Flags;
  /** Whether standard input has ended. */
  #inputEnded = false;
  #exitCode: number = exitCodes.done;

  constructor(
    consumer: Consumer,
    { output, io }: Work,
    stop: Stop,
    flags: Flags,
  ) {
    this.#consumer = consumer;
    this.#output = output;
    this.#platform = io.platform;
    this.#stop = stop;
    this.#flags = flags;
  }

  get exitCode(): number {
    return this.#exitCode;
  }

  /** Whether acknowledgements come from standard input. */
  get readsInput(): boolean {
    return !this.#flags.autoAck && this.#flags.exec === undefined;
  }

  /** Whether only the final poll is left. */
  get isEnding(): boolean {
    return this.#inputEnded;
  }

  /** Whether `--once` is satisfied. */
  get isDone(): boolean {
    if (!this.#flags.once) return false;
    return !this.readsInput || this.#consumer.open === 0;
  }

  /** Reads acknowledgements until standard input ends. */
  async readAcknowledgements(stdin: Input): Promise<void> {
    const lenient = new TextDecoder();
    try {
      for await (
        const line of inputLines(stdin, (bytes) => lenient.decode(bytes))
      ) {
        if (line.trim() !== "") this.#acknowledge(line.trim());
      }
    } catch (error) {
      complain(this.#output, error);
    }
    this.#inputEnded = true;
  }

  /** Hands out new messages; returns whether to go on. */
  async handOut({ asked, askedLast, failure }: Round): Promise<boolean> {
    for (;;) {
      const messages = this.#consumer.next(AT_A_TIME);
      for (const message of messages) {
        if (this.#stop.wanted) return false;
        await this.#hand(message);
      }
      if (messages.length === 0) break;
    }
    const isSettled = this.#inputEnded ? askedLast : asked && this.isDone;
    if (!isSettled) return !this.#stop.wanted;
    if (failure !== undefined) this.#exitCode = classify(failure).exit;
    return false;
  }

  async #hand(message: Message): Promise<void> {
    const { exec, autoAck } = this.#flags;
    if (exec === undefined) {
      const writing = writeMessage(this.#output, message);
      const isWritten = await this.#stop.unless(writing);
      if (isWritten && autoAck) this.#consumer.acknowledge(message.id);
      return;
    }
    const failed = await runForMessage(exec, message, this.#platform);
    if (failed === undefined) {
      this.#consumer.acknowledge(message.id);
      return;
    }
    this.#exitCode = exitCodes.failure;
    this.#complain(
      `Message ${message.id}: ${failed}`,
      "It isn't acknowledged, and comes again with the next listen",
      { id: message.id },
    );
  }

  #acknowledge(line: string): void {
    const id = (/^\d{1,15}$/.test(line) ? Number(line) : NaN) as MessageNumber;
    try {
      if (this.#consumer.acknowledge(id)) return;
    } catch (error) {
      return complain(this.#output, error, { line });
    }
    this.#complain(
      `"${line.slice(0, 80)}" acknowledges nothing`,
      "Expected the number of a received message, alone on a line",
      { line },
    );
  }

  #complain(message: string, hint: string, facts: Record<string, unknown>) {
    complain(this.#output, new UserError(message, hint), facts);
  }
}

/** Hands out messages until the consumer acknowledges them. */
export const verb: Verb = defineVerb({
  brief:
    "Hand out messages that this consumer hasn't acknowledged, continuously",
  about:
    "Hands out every received message that this consumer hasn't acknowledged, the oldest first, also those from before its first start, then new ones as they arrive. A line with a message's number on standard input acknowledges it. At the end of standard input it hands out the rest and ends. A message without an acknowledgement comes again the next time.",
  examples: [
    "messageu listen --as bot --json",
    "messageu listen --as mail --auto-ack --since 2h",
    "messageu listen --as log --exec 'cat >> log.txt'",
  ],
  prints: [messageData],
  flags: {
    as: {
      kind: "parsed",
      parse: parseConsumer,
      brief: "The consumer's name; each consumer has its own acknowledgements",
      placeholder: "CONSUMER",
    },
    autoAck: switchFlag(
      "Acknowledge each message once it is written, and read no input",
    ),
    since: sinceFlag,
    replay: switchFlag("Hand out acknowledged messages too"),
    once: switchFlag("End once every message is acknowledged"),
    exec: execFlag,
  },
  startsPrograms: ({ exec }) => exec !== undefined,
  goesOn: () => true,
  async task(work, flags) {
    const { output } = work;
    const session = await work.session();
    using stop = new Stop(work.io, work.isHangupIgnored);
    using consumer = await session.consumer(flags.as, {
      since: flags.since,
      replay: flags.replay,
    });
    const complaints = new Complaints(output);
    const listener = new Listener(consumer, work, stop, flags);
    if (listener.readsInput) listener.readAcknowledgements(work.io.stdin);
    const watching = watch({
      session,
      output,
      stop,
      complaints,
      isDue: () => listener.isDone,
      isEnding: () => listener.isEnding,
    });
    for await (const event of watching) {
      if (event.kind === "message") continue;
      if (!await listener.handOut(event)) break;
    }
    return stop.exitCode || listener.exitCode || complaints.exitCode;
  },
});
