import type { Channel } from "../channel.ts";
import { must, prepare, subject } from "../check.ts";
import { randomKey, registration, sendRequest } from "../frames.ts";
import type { Probe } from "../probe.ts";
import type { User } from "../user_pool.ts";
import { arrived, arrives, fill, numbered } from "./pulling.ts";
import {
  keyRequest,
  listRequest,
  PULL,
  pullRequest,
} from "../../../requests.ts";

/** Fewer bytes than a response has. */
const GLIMPSE = 5;
/** More bytes than the buffers between server and client hold. */
const LARGE = 900_000;
/** Milliseconds until an unread response fills all buffers. */
const UNREAD = 200;
/** Milliseconds until messages are back in an inbox after a reset. */
const COMES_BACK = 1000;
/** Milliseconds between two pulls. */
const AGAIN = 25;

/** Checks of messages that are kept until they are acknowledged. */
export const deliveryChecks = subject("delivery", {
  "kept-without-sender": [
    "DLV-1",
    "A message whose sender breaks off after the 2103 is delivered",
    async (probe) => {
      const [from, to] = await probe.pair();
      const channel = await probe.connectToBreak();
      const frame = sendRequest({
        from: from.id,
        to: to.id,
        content: numbered(16, 0),
      });
      await prepare("send a message", () => channel.ask(frame, 2103));
      channel.close();
      await arrives(probe, to, 1);
    },
  ],
  "kept-over-other-requests": [
    "DLV-1",
    "A message waits while its recipient asks for list and key and another user pulls",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, [16]);
      await prepare("ask for something else", async () => {
        if (await probe.can("list")) await probe.ask(listRequest(to.id));
        if (await probe.can("key")) {
          await probe.ask(keyRequest(to.id, from.id));
        }
        await probe.ask(pullRequest(from.id));
      });
      await arrives(probe, to, 1);
    },
  ],
  "kept-over-registration": [
    "DLV-1",
    "A message waits while another client tries to register its recipient's name",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, [16]);
      await prepare("have a registration answered", async () => {
        const header = { clientId: to.id };
        await probe.ask(registration(to.name, header, randomKey()));
      });
      await arrives(probe, to, 1);
    },
  ],
  "pull-breaks-early": [
    "DLV-2",
    "A pull that is reset after 5 bytes of the response leaves the messages waiting",
    (probe) => breaks(probe, [32, 32], GLIMPSE),
  ],
  "pull-breaks-unread": [
    "DLV-2",
    "A pull that is reset before any byte was read leaves the messages waiting",
    (probe) => breaks(probe, [32], 0),
  ],
  "pull-breaks-large": [
    "DLV-2",
    "A pull of 900 KB that is reset after 5 bytes leaves the message waiting",
    (probe) => breaks(probe, [LARGE], GLIMPSE),
  ],
  "pull-then-request": [
    "DLV-3",
    "Another request on the connection acknowledges a pull",
    async (probe) => {
      // Another pull might bring the message again.
      const { requester: to, other: from, request, code } = await probe.usual(
        PULL,
      );
      await fill(probe, from, to, [16]);
      await probe.again(async (channel) => {
        await pullOn(channel, to);
        await channel.ask(request, code, "a response to the next request");
        await takenBy(probe, to);
      });
    },
  ],
  "pull-then-end": [
    "DLV-3",
    "An orderly end of the connection acknowledges a pull",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, [16]);
      const channel = await probe.connect();
      await pullOn(channel, to);
      await channel.end();
      await channel.quiet(probe.timeout);
      await takenBy(probe, to);
    },
  ],
});

async function pullOn(channel: Channel, to: User): Promise<void> {
  await prepare("pull messages", async () => {
    const { payload } = await channel.ask(pullRequest(to.id), 2104);
    must(payload.length > 0, "a message", "an empty inbox");
  });
}

async function takenBy(probe: Probe, to: User): Promise<void> {
  const came = await probe.receive(to.id, 1);
  must(came.length === 0, "an empty inbox", "the same message again");
}

/** Breaks a pull off, and looks for its messages. */
async function breaks(
  probe: Probe,
  sizes: readonly number[],
  read: number,
): Promise<void> {
  const [from, to] = await probe.pair();
  await fill(probe, from, to, sizes);
  const channel = await probe.connectToBreak();
  await channel.send(pullRequest(to.id));
  if (read > 0) await channel.glimpse(read);
  else await channel.pause(UNREAD);
  channel.close();
  // Some servers keep the messages until they notice the end of the connection.
  const due = performance.now() + COMES_BACK;
  let came = 0;
  while (came === 0 && performance.now() < due) {
    came = (await probe.receive(to.id, sizes.length)).length;
    if (came === 0) await channel.pause(AGAIN);
  }
  arrived(came, sizes.length);
}
