import { listRequest } from "../../../requests.ts";
import { concat, equals } from "@std/bytes";
import { encodeHex } from "@std/encoding";
import { describe, hex } from "../response.ts";
import { CheckFailure, must, prepare, subject, Unprepared } from "../check.ts";
import { responseHeader } from "../../../../shared/wire/frames.ts";
import {
  LISTED_CLIENT_SIZE,
  MAX_NAME_LENGTH,
  NAME_SIZE,
  PROTOCOL_VERSION,
} from "../../../../shared/wire/protocol.ts";
import { responseCode } from "../../../../shared/wire/requests.ts";
import { ascii, randomId, randomName, sized } from "../frames.ts";
import type { Probe } from "../probe.ts";
import type { User } from "../user_pool.ts";

const ID_SIZE = LISTED_CLIENT_SIZE - NAME_SIZE;
/** Least number of users, of whom the first and the last find each other: a list may be cut short. */
const SEVERAL = 6;

/** Checks of the list of clients. */
export const listChecks = subject("list", {
  "list-entries": [
    "LST-1",
    "A list's payload is a multiple of 271 bytes, an entry each",
    async (probe) => {
      const [requester, wanted] = await probe.pair();
      const response = await probe.ask(listRequest(requester.id));
      const { payload } = response;
      must(
        response.code === 2101 && payload.length > 0 &&
          payload.length % LISTED_CLIENT_SIZE === 0,
        "a response 2101 with a multiple of 271 bytes",
        describe(response),
      );
      const swapped = entriesOf(payload).findIndex((entry) =>
        isSwapped(entry, wanted)
      );
      if (swapped < 0) return;
      throw wrongEntry(
        payload,
        swapped,
        "entries of 16 bytes of id and then 255 of name",
        "name and id are swapped: the name stands first, and the id behind it",
      );
    },
  ],
  "list-has-others": [
    "LST-2",
    "Two users find each other in their lists",
    async (probe) => {
      const users = await probe.atLeast(SEVERAL);
      const [one, other] = [users[0], users.at(-1)];
      if (one === undefined || other === undefined) return;
      for (const [requester, wanted] of [[one, other], [other, one]] as const) {
        await entryOf(probe, requester, wanted);
      }
    },
  ],
  "list-has-newcomers": [
    "LST-2",
    "A user registered after a list is in the next one",
    async (probe) => {
      const requester = await probe.user();
      await probe.listed(requester.id);
      const newcomer = await prepare("register", () => probe.register());
      await entryOf(probe, requester, newcomer);
    },
  ],
  "list-has-each-id-once": [
    "LST-2",
    "No id is in a list twice",
    async (probe) => {
      const [requester] = await probe.pair();
      await probe.listed(requester.id);
      const payload = await listFor(probe, requester);
      const seen = new Map<string, number>();
      for (const [index, entry] of entriesOf(payload).entries()) {
        const id = encodeHex(entry.subarray(0, ID_SIZE));
        const before = seen.get(id);
        if (before !== undefined) {
          throw wrongEntry(
            payload,
            index,
            "ids that differ",
            `the id ${id} a second time, after entry ${before + 1}`,
          );
        }
        seen.set(id, index);
      }
    },
  ],
  "list-without-requester": [
    "LST-3",
    "A list has no entry of the requester",
    async (probe) => {
      const requester = await probe.user();
      await probe.listed(requester.id);
      const payload = await listFor(probe, requester);
      const own = entriesOf(payload).findIndex((entry) =>
        equals(entry.subarray(0, ID_SIZE), requester.id)
      );
      if (own < 0) return;
      const got = `one with the requester, ${requester.name}`;
      throw wrongEntry(payload, own, "a list without the requester", got);
    },
  ],
  "list-names-padded": [
    "LST-4",
    "A listed name is followed by zeros up to 255 bytes",
    async (probe) => {
      const [requester, wanted] = await probe.pair();
      const { payload, index, field } = await prepare(
        "find the entry (see list-has-newcomers)",
        () => entryOf(probe, requester, wanted),
      );
      const expected = new Uint8Array(NAME_SIZE);
      expected.set(ascii(wanted.name));
      if (equals(field, expected)) return;
      const rest = field.subarray(wanted.name.length);
      const odd = rest.findIndex((byte) => byte !== 0);
      const got = odd < 0
        ? `another name: ${hex(field)}`
        : `the name and then ${hex(rest.subarray(odd))}`;
      throw wrongEntry(payload, index, "the name and zeros", got);
    },
  ],
  "list-name-longest": [
    "LST-4",
    "A name of 254 bytes is listed whole, with a NUL",
    async (probe) => {
      const requester = await probe.user();
      const name = randomName().padEnd(MAX_NAME_LENGTH, "y");
      const owner = await prepare(
        "register under a name of 254 bytes",
        () => probe.register(name),
      );
      const { payload, index, field } = await prepare(
        "find the entry (see list-has-newcomers)",
        () => entryOf(probe, requester, owner),
      );
      if (equals(field, ascii(`${name}\0`))) return;
      const got = `${
        field.findLastIndex((byte) => byte !== 0) + 1
      } bytes of it`;
      throw wrongEntry(payload, index, "254 bytes of name and a NUL", got);
    },
  ],
  "list-for-unknown": [
    "REQ-4",
    "An unregistered id gets no list",
    (probe) => probe.refused(listRequest(randomId())),
  ],
  "list-with-payload": [
    "REQ-6",
    "A request for the list with a payload is refused",
    async (probe) => {
      const { id } = await probe.user();
      await probe.refused(sized("clientsList", id, 16));
    },
  ],
});

/** An entry of a list. */
interface Entry {
  readonly payload: Uint8Array;
  readonly index: number;
  /** The 255 bytes of the name. */
  readonly field: Uint8Array;
}

/**
 * Looks a user up in a list.
 *
 * @throws {CheckFailure} if there is no such entry
 * @throws {Unprepared} if the list is malformed
 */
async function entryOf(
  probe: Probe,
  requester: User,
  wanted: User,
): Promise<Entry> {
  const payload = await listFor(probe, requester);
  const entries = entriesOf(payload);
  const { length } = entries;
  const isList = payload.length % LISTED_CLIENT_SIZE === 0 &&
    !entries.some((entry) => isSwapped(entry, wanted));
  if (!isList) {
    throw new Unprepared("its entries have another form: see list-entries");
  }
  const index = entries.findIndex((entry) =>
    equals(entry.subarray(0, ID_SIZE), wanted.id)
  );
  const entry = entries[index];
  must(
    entry !== undefined,
    `an entry with the id ${encodeHex(wanted.id)}`,
    `none in ${length} ${length === 1 ? "entry" : "entries"}`,
  );
  return { payload, index, field: entry.subarray(ID_SIZE) };
}

async function listFor(probe: Probe, { id }: User): Promise<Uint8Array> {
  const { payload } = await prepare(
    "get the list",
    () => probe.expect(listRequest(id), 2101),
  );
  return payload;
}

function entriesOf(payload: Uint8Array): Uint8Array[] {
  const count = Math.ceil(payload.length / LISTED_CLIENT_SIZE);
  return Array.from({ length: count }, (_, index) => {
    const at = index * LISTED_CLIENT_SIZE;
    return payload.subarray(at, at + LISTED_CLIENT_SIZE);
  });
}

/** Whether an entry has a user's name before the id. */
const isSwapped = (entry: Uint8Array, { id, name }: User) =>
  equals(entry.subarray(NAME_SIZE), id) &&
  equals(entry.subarray(0, name.length), ascii(name));

/** A failure that shows the wrong entry. */
function wrongEntry(
  payload: Uint8Array,
  index: number,
  expected: string,
  got: string,
): CheckFailure {
  const entries = entriesOf(payload);
  const entry = entries[index] ?? new Uint8Array();
  const where = `entry ${index + 1} of ${entries.length}`;
  const header = responseHeader.encode({
    version: PROTOCOL_VERSION,
    code: responseCode.clientsList,
    payloadSize: entry.length,
  });
  return new CheckFailure(expected, `${got} (${where})`, {
    shows: { bytes: concat([header, entry]), note: `${where}, by itself` },
  });
}
