import { equals } from "@std/bytes";
import { expectSize, hex } from "../response.ts";
import { each, must, prepare, subject } from "../check.ts";
import {
  CLIENT_ID_SIZE,
  PUBLIC_KEY_SIZE,
} from "../../../../shared/wire/protocol.ts";
import { randomId, randomKey, randomName, sized } from "../frames.ts";
import type { Probe } from "../probe.ts";
import { keyRequest } from "../../../requests.ts";

const RESPONSE_SIZE = CLIENT_ID_SIZE + PUBLIC_KEY_SIZE;

/** Checks of public keys. */
export const keyChecks = subject("keys", {
  "key-with-owner": [
    "KEY-1",
    "The response to a request for a key is 2102 with the owner's id and 160 bytes",
    async (probe) => {
      const [requester, owner] = await probe.pair();
      const response = await probe.ask(keyRequest(requester.id, owner.id));
      const { payload } = expectSize(response, 2102, RESPONSE_SIZE);
      const id = payload.subarray(0, CLIENT_ID_SIZE);
      must(equals(id, owner.id), `the id ${hex(owner.id)}`, () => hex(id));
    },
  ],
  "key-of-each": [
    "PUB-2",
    "Two users' keys are the registered ones",
    async (probe) => {
      const [one, other] = await probe.pair();
      for (const [requester, owner] of [[one, other], [other, one]] as const) {
        const key = await probe.keyOf(requester.id, owner.id);
        must(equals(key, owner.key), hex(owner.key), () => hex(key));
      }
    },
  ],
  "key-of-any-bytes": [
    "PUB-2",
    "160 bytes that are no key come back unchanged",
    (probe) => kept(probe, Uint8Array.from({ length: 160 }, (_, i) => 255 - i)),
  ],
  "key-padded-with-zeros": [
    "PUB-2",
    "A shorter key comes back with its padding of zeros",
    (probe) => kept(probe, randomKey().fill(0, -6)),
  ],
  "key-beginning-with-zeros": [
    "PUB-2",
    "160 bytes that begin with zeros come back unchanged",
    (probe) => kept(probe, randomKey().fill(0, 0, 6)),
  ],
  "key-of-unknown": [
    "KEY-2",
    "The key of an unregistered id is refused",
    async (probe) => {
      const { id } = await probe.user();
      await probe.refused(keyRequest(id, randomId()));
    },
  ],
  "key-of-oneself": [
    "KEY-3",
    "A user gets its own key",
    async (probe) => {
      const { id } = await probe.user();
      await probe.expect(keyRequest(id, id), 2102);
    },
  ],
  "key-for-unknown": [
    "REQ-4",
    "An unregistered id gets no key",
    async (probe) => {
      const { id } = await probe.user();
      await probe.refused(keyRequest(randomId(), id));
    },
  ],
  ...each([0, 15, 17], (size) => [
    `key-request-of-${size}`,
    "REQ-6",
    `A request for a key with ${size} bytes of payload is refused`,
    async (probe) => {
      const { id } = await probe.user();
      await probe.refused(sized("publicKey", id, size));
    },
  ]),
});

/** Requires that a registered key comes back unchanged. */
async function kept(probe: Probe, key: Uint8Array): Promise<void> {
  const requester = await probe.user();
  const owner = await prepare(
    "register with such a key",
    () => probe.register(randomName(), key),
  );
  const got = await probe.keyOf(requester.id, owner.id);
  must(equals(got, key), "the 160 bytes that were registered", () => {
    const at = got.findIndex((byte, index) => byte !== key[index]);
    return at < 0 ? `${got.length} bytes` : `others from byte ${at} on`;
  });
}
