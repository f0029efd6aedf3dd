import { encodeHex } from "@std/encoding";
import {
  describe,
  expectCode,
  hex,
  idIn,
  type WholeResponse,
} from "../response.ts";
import {
  type Check,
  CheckFailure,
  must,
  NoResponse,
  prepare,
  subject,
} from "../check.ts";
import {
  NAME_SIZE,
  PUBLIC_KEY_SIZE,
  REQUEST_HEADER_SIZE,
} from "../../../../shared/wire/protocol.ts";
import { equals } from "@std/bytes";
import {
  frame,
  randomId,
  randomKey,
  randomName,
  rawRegistration,
  registration,
} from "../frames.ts";
import type { Probe } from "../probe.ts";

/** Number of users whose ids are judged. */
const SAMPLE = 6;
/** Offsets of a request's integers. */
const CODE_AT = 17;
const SIZE_AT = 19;

/** Shows whether the server accepts a registration. */
export const [givesId] = subject("registration", {
  "register-gives-id": [
    "REG-1",
    "The response to a registration is 2100 with 16 bytes of id",
    async (probe) => {
      const expected = "a response 2100 with 16 bytes";
      const response = await takesLittleEndian(probe, async () => {
        const response = await probe.ask(registration(randomName()), expected);
        // A refusal may have another reason than the ones checked below.
        return response.code === 9000 ? expectCode(response, 2100) : response;
      });
      must(
        response.code === 2100 && response.payload.length === 16,
        "a response 2100 with 16 bytes",
        describe(response),
      );
    },
  ],
}) as [Check];

/**
 * Tries a registration, and another in big endian if it fails.
 *
 * @throws {CheckFailure} from the first try, or if the server accepts big endian
 */
async function takesLittleEndian(
  probe: Probe,
  ask: () => Promise<WholeResponse>,
): Promise<WholeResponse> {
  try {
    return await ask();
  } catch (error) {
    const isUnserved = error instanceof NoResponse && probe.connected ||
      error instanceof CheckFailure && error.details.isRefusal === true;
    if (!isUnserved || !(await takesBigEndian(probe))) throw error;
    throw new CheckFailure(
      "a 2100 to a registration whose integers are little endian",
      "a byte order mistake: it takes a registration whose code and size are big endian",
      { clause: "FRM-1" },
    );
  }
}

async function takesBigEndian(probe: Probe): Promise<boolean> {
  const frame = registration(randomName());
  frame.subarray(CODE_AT, SIZE_AT).reverse();
  frame.subarray(SIZE_AT, REQUEST_HEADER_SIZE).reverse();
  try {
    return (await probe.ask(frame)).code === 2100;
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    return error.details.clause === "FRM-1";
  }
}

/** Checks of registrations and their ids. */
export const registrationChecks = subject("registration", {
  "register-whatever-id": [
    "REQ-3",
    "A registration with 16 bytes of ff as the id in its header is accepted",
    async (probe) => {
      const clientId = randomId().fill(0xff);
      idIn(await probe.ask(registration(randomName(), { clientId })));
    },
  ],
  "register-with-id-of-another": [
    "REQ-3",
    "A registration whose header has a user's id registers a new user",
    async (probe) => {
      const { id } = await probe.user();
      const header = { clientId: id };
      const given = idIn(await probe.ask(registration(randomName(), header)));
      must(!equals(given, id), "a new id", "the id of the other user");
    },
  ],
  "register-ids-differ": [
    "CID-1",
    "All users of this run have different ids",
    async (probe) => {
      const ids = (await probe.atLeast(SAMPLE)).map(({ id }) => encodeHex(id));
      must(
        new Set(ids).size === ids.length,
        `${ids.length} ids that differ`,
        () => `${new Set(ids).size} for ${ids.length} users`,
      );
    },
  ],
  "register-ids-random": [
    "CID-2",
    "The ids of this run's users are UUIDs of version 4",
    async (probe) => {
      for (const { id } of await probe.atLeast(SAMPLE)) {
        const [version = 0, variant = 0] = [id[6], id[8]];
        must(
          version >> 4 === 4 && variant >> 6 === 2,
          "a UUID of version 4",
          () => encodeHex(id),
        );
      }
    },
  ],
  "register-ids-without-zero": [
    "CID-3",
    "No id of this run's users has a zero byte",
    async (probe) => {
      for (const { id } of await probe.atLeast(SAMPLE)) {
        must(!id.includes(0), "16 bytes other than 0", () => encodeHex(id));
      }
    },
  ],
});

/** Checks of malformed registrations, which may leave an entry in all lists. */
export const lateRegistrationChecks = subject("registration", {
  // First, since the others may spoil all lists.
  "refused-registration-not-listed": [
    "REG-2",
    "The name of a refused registration isn't in the list",
    async (probe) => {
      const requester = await probe.user();
      const name = randomName();
      await prepare("get the list before", () => probe.listed(requester.id));
      await refuseShort(probe, name);
      const names = (await probe.listed(requester.id)).map((user) => user.name);
      must(!names.includes(name), "a list without the name", "one with it");
    },
  ],
  "register-without-payload": [
    "REQ-6",
    "A registration without a payload is refused",
    (probe) => probe.refused(frame({ code: 600 })),
  ],
  "register-short": [
    "REQ-6",
    "A registration of 414 bytes is refused",
    (probe) => {
      const key = randomKey().subarray(1);
      return probe.refused(registration(randomName(), {}, key));
    },
  ],
  "register-long": [
    "REQ-6",
    "A registration of 416 bytes is refused",
    (probe) => {
      const key = new Uint8Array(PUBLIC_KEY_SIZE + 1).fill(1);
      return probe.refused(registration(randomName(), {}, key));
    },
  ],
  "refused-registration-leaves-name": [
    "REG-2",
    "The name of a refused registration stays free",
    async (probe) => {
      const name = randomName();
      await refuseShort(probe, name);
      await probe.expect(registration(name), 2100);
    },
  ],
  "refused-registration-keeps-key": [
    "REG-2",
    "A registration under a taken name doesn't change its owner's key",
    async (probe) => {
      const [owner, requester] = await probe.pair();
      const before = await probe.keyOf(requester.id, owner.id);
      await prepare(
        "have a taken name refused",
        () => probe.refused(registration(owner.name)),
      );
      const key = await probe.keyOf(requester.id, owner.id);
      must(equals(key, before), "the first key", () => hex(key));
    },
  ],
});

/** Makes a registration that is refused for its size. */
async function refuseShort(probe: Probe, name: string): Promise<void> {
  const field = new Uint8Array(NAME_SIZE);
  field.set(new TextEncoder().encode(name));
  await prepare("have a short registration refused", () =>
    probe.refused(
      rawRegistration(field, {}, randomKey().subarray(0, -1)),
    ));
}
