/**
 * A client with a secure account in a folder, in the project's own code. It
 * `work`s until it is killed, then `settle`s what has no response, and `empties`
 * its mailbox: `client.ts WORD DIR RELAYS NAME OTHER…`.
 *
 * @module
 */

import { ConnectionError } from "../../../client/errors.ts";
import { RefusedError } from "../../../client/secure/refused_error.ts";
import { SecureRelays } from "../../../client/secure/secure_link.ts";
import { registerAccount } from "../../../client/secure/secure_registration.ts";
import { SecureSession } from "../../../client/secure/secure_session.ts";
import { statIfThere } from "../../../shared/folder/durable_files.ts";
import { infoFiles } from "../../../shared/folder/info_files.ts";
import { parseRelayLine } from "../../../shared/secure/relay_line.ts";
import { RefusalReason } from "../../../shared/secure/secure_protocol.ts";
import { Random } from "../../harness/random.ts";
import { drawSize } from "../contents.ts";
import { must } from "../violation.ts";

/** Milliseconds before another attempt to reach a relay. */
const PAUSE = 50;

const [word, dir = "", relaysFile = "", name = "", ...others] = Deno.args;
const random = new Random(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);

const relays = new SecureRelays(async () => {
  const text = await Deno.readTextFile(relaysFile);
  return text.trim().split("\n").map(parseRelayLine)
    .map(({ key, ...address }) => ({ ...address, keys: [key] }));
}, () => undefined);

/** Does something again and again until a relay has answered. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** Whether a relay that was killed explains an error. */
function isPassing(error: unknown): boolean {
  return error instanceof ConnectionError ||
    error instanceof RefusedError &&
      error.reason === RefusalReason.OutcomeUnknown;
}

async function send({ directory, outbox }: SecureSession): Promise<void> {
  for (const uid of outbox.pending()) await outbox.deliver(uid);
  const to = random.pick(others);
  const record = await directory.known(to) ?? await find(to);
  if (record === undefined) return;
  const content = random.bytes(drawSize(random));
  await outbox.deliver(outbox.write(record, content));

  async function find(name: string) {
    try {
      const found = await directory.lookUp(name);
      must(found.kind === "secure", () => `${name} isn't secure`);
      return found.record;
    } catch (error) {
      const isUnknown = error instanceof RefusedError &&
        error.reason === RefusalReason.Unknown;
      if (isUnknown) return undefined;
      throw error;
    }
  }
}

/** @returns whether anything came */
async function fetch({ inbox }: SecureSession): Promise<boolean> {
  const { messages, handedOut } = await inbox.fetch();
  // What is in the store is acknowledged: position and messages are one commit.
  must(
    messages.length === handedOut,
    () => `${name} got a message again after its acknowledgement`,
  );
  return handedOut > 0;
}

if (statIfThere(`${dir}/${infoFiles.me[0]}`) === undefined) {
  await untilDone(() => registerAccount(dir, name, relays));
}
using session = new SecureSession(dir, relays);
if (word === "settle") {
  for (const uid of session.outbox.pending()) {
    await untilDone(() => session.outbox.deliver(uid));
  }
} else if (word === "empty") {
  while (await untilDone(() => fetch(session)));
} else {
  for (;;) {
    await untilDone(async () => {
      if (random.oneIn(50)) await session.packages.refill();
      if (random.oneIn(4)) await fetch(session);
      else await send(session);
    });
  }
}
