import { equals } from "@std/bytes";
import { encodeHex } from "@std/encoding";
import { describe, expectCode, hex } from "../answer.ts";
import { must, prepare, subject } from "../check.ts";
import { MAX_NAME_LENGTH, NAME_SIZE } from "../../../../shared/protocol.ts";
import { LISTED_CLIENT_SIZE } from "../../../../shared/responses.ts";
import { ascii, listRequest, randomId, randomName, sized } from "../frames.ts";
import type { Probe } from "../probe.ts";
import type { User } from "../cast.ts";

const ID_SIZE = LISTED_CLIENT_SIZE - NAME_SIZE;

/** Checks of the list of clients. */
export const listChecks = subject("list", [
  [
    "list-entries",
    "LST-1",
    "A list's payload is a number of entries of 271 bytes",
    async (probe) => {
      const [asker] = await probe.pair();
      const answer = await probe.ask(listRequest(asker.id));
      must(
        answer.code === 2101 && answer.payload.length > 0 &&
          answer.payload.length % LISTED_CLIENT_SIZE === 0,
        "an answer 2101 with a multiple of 271 bytes",
        describe(answer),
      );
    },
  ],
  [
    "list-has-others",
    "LST-2",
    "Two users find each other in their lists",
    async (probe) => {
      const [one, other] = await probe.pair();
      for (const [asker, wanted] of [[one, other], [other, one]] as const) {
        await entryOf(probe, asker, wanted);
      }
    },
  ],
  [
    "list-has-newcomers",
    "LST-2",
    "Who registers after a list was asked for is in the next one",
    async (probe) => {
      const asker = await probe.user();
      await probe.listed(asker.id);
      const newcomer = await prepare("register", () => probe.register());
      await entryOf(probe, asker, newcomer);
    },
  ],
  [
    "list-has-everybody-once",
    "LST-2",
    "No id is in a list twice",
    async (probe) => {
      const [asker] = await probe.pair();
      const listed = await probe.listed(asker.id);
      const ids = new Set(listed.map(({ clientId }) => encodeHex(clientId)));
      must(
        ids.size === listed.length,
        "ids that differ",
        `${ids.size} different ones in ${listed.length} entries`,
      );
    },
  ],
  [
    "list-without-asker",
    "LST-3",
    "A list has no entry of who asks",
    async (probe) => {
      const asker = await probe.user();
      const listed = await probe.listed(asker.id);
      must(
        !listed.some(({ clientId }) => equals(clientId, asker.id)),
        "a list without the asker",
        "one with the asker",
      );
    },
  ],
  [
    "list-names-padded",
    "LST-4",
    "A listed name is followed by zeros up to 255 bytes",
    async (probe) => {
      const [asker, wanted] = await probe.pair();
      const field = await entryOf(probe, asker, wanted);
      const expected = new Uint8Array(NAME_SIZE);
      expected.set(ascii(wanted.name));
      must(equals(field, expected), "the name and zeros", () => {
        const rest = field.subarray(wanted.name.length);
        const odd = rest.findIndex((byte) => byte !== 0);
        return odd < 0
          ? `another name: ${hex(field)}`
          : `the name and then ${hex(rest.subarray(odd))}`;
      });
    },
  ],
  [
    "list-name-longest",
    "LST-4",
    "A name of 254 bytes is listed whole, with a NUL behind it",
    async (probe) => {
      const asker = await probe.user();
      const name = randomName().padEnd(MAX_NAME_LENGTH, "y");
      const owner = await prepare(
        "register under a name of 254 bytes",
        () => probe.register(name),
      );
      const field = await entryOf(probe, asker, owner);
      must(
        equals(field, ascii(`${name}\0`)),
        "254 bytes of name and a NUL",
        () => `${field.findLastIndex((byte) => byte !== 0) + 1} bytes of it`,
      );
    },
  ],
  [
    "list-for-unknown",
    "REQ-4",
    "An id that nobody has gets no list",
    (probe) => probe.refused(listRequest(randomId())),
  ],
  [
    "list-with-payload",
    "REQ-6",
    "A request for the list with a payload is refused",
    async (probe) => {
      const { id } = await probe.user();
      await probe.refused(sized("clientsList", id, 16));
    },
  ],
]);

/**
 * Looks somebody up in a list.
 *
 * @returns the 255 bytes of the name
 * @throws {CheckFailure} where there is no such entry
 */
async function entryOf(
  probe: Probe,
  asker: User,
  wanted: User,
): Promise<Uint8Array> {
  const { payload } = await prepare(
    "get the list",
    async () => expectCode(await probe.ask(listRequest(asker.id)), 2101),
  );
  for (let at = 0; at < payload.length; at += LISTED_CLIENT_SIZE) {
    const entry = payload.subarray(at, at + LISTED_CLIENT_SIZE);
    if (equals(entry.subarray(0, ID_SIZE), wanted.id)) {
      return entry.subarray(ID_SIZE);
    }
  }
  must(
    false,
    `an entry with the id ${encodeHex(wanted.id)}`,
    `none in ${Math.ceil(payload.length / LISTED_CLIENT_SIZE)} entries`,
  );
}
