import { idArgument } from "../verb/arguments.ts";
import {
  isoTime,
  messageLine,
  messageValues,
} from "../../../session/message_form.ts";
import { dataKind, messageData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { localTime } from "../../../../shared/cli/time.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";

const explanationData = dataKind("explanation", [
  "relayMessageId",
  "made",
  "written",
  "sent",
  "acknowledged",
  "received",
  "decrypted",
  "shown",
  "attempts",
  "failure",
  "acks",
], { base: messageData, notes: { acks: "`consumer`, `time`" } });

/** Prints all facts of a message. */
export const verb: Verb = defineVerb({
  brief: "Print all facts of one message",
  about:
    "Prints when a message was made, stored, sent, acknowledged by the relay, received, decrypted and shown, and which consumers acknowledged it.",
  examples: [
    "messageu explain 12",
    "messageu explain 12 --json",
  ],
  prints: [explanationData],
  args: [idArgument],
  isOffline: true,
  async task(work, _, id) {
    const session = await work.session();
    const known = session.messages.explain(id);
    const steps = {
      made: known.made,
      written: known.written,
      sent: known.sent,
      acknowledged: known.acknowledged,
      received: known.received,
      decrypted: known.decrypted,
      // Not meaningful for an outgoing message.
      shown: known.outgoing ? undefined : known.shownAt,
    };
    const told = known.outgoing ? steps : {
      ...steps,
      written: undefined,
      received: known.received ?? known.written,
    };
    const lines = Object.entries(told).filter(([, time]) => time !== undefined)
      .map(([step, time]) => `  ${step.padEnd(13)}${localTime(time ?? 0)}`);
    if (known.relayMessageId !== undefined) {
      lines.push(`  ${"relay's id".padEnd(13)}${known.relayMessageId}`);
    }
    if (known.outgoing) {
      lines.push(`  ${"attempts".padEnd(13)}${known.attempts}`);
    }
    if (known.failure !== undefined) {
      lines.push(`  ${"failed".padEnd(13)}${printableLine(known.failure)}`);
    }
    for (const { consumer, time } of known.acks) {
      lines.push(
        `  ${"acked by".padEnd(13)}${printableLine(consumer)}, ${
          localTime(time)
        }`,
      );
    }
    await work.output.data(
      explanationData,
      {
        ...messageValues(known),
        relayMessageId: known.relayMessageId ?? null,
        made: isoTime(steps.made),
        written: isoTime(steps.written),
        sent: isoTime(steps.sent),
        acknowledged: isoTime(steps.acknowledged),
        received: isoTime(steps.received),
        decrypted: isoTime(steps.decrypted),
        shown: isoTime(steps.shown),
        attempts: known.attempts,
        failure: known.failure ?? null,
        acks: known.acks.map(({ consumer, time }) => ({
          consumer,
          time: isoTime(time),
        })),
      },
      [messageLine(known), ...lines].join("\n"),
    );
  },
});
