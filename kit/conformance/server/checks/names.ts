import { equals } from "@std/bytes";
import { expectCode, idIn } from "../response.ts";
import { must, prepare, subject, Unprepared } from "../check.ts";
import {
  MAX_NAME_LENGTH,
  NAME_SIZE,
} from "../../../../shared/wire/protocol.ts";
import {
  ascii,
  randomBytes,
  randomKey,
  randomName,
  rawRegistration,
  registration,
} from "../frames.ts";
import type { Probe } from "../probe.ts";

/** Checks of names. */
export const nameChecks = subject("names", {
  "name-longest": [
    "NAM-1",
    "A name of 254 bytes is accepted",
    (probe) => taken(probe, ascii(longName(MAX_NAME_LENGTH))),
  ],
  "name-without-nul": [
    "NAM-2",
    "255 bytes without a NUL are refused",
    (probe) => probe.refused(rawRegistration(ascii(longName(NAME_SIZE)))),
  ],
  "name-empty": [
    "NAM-3",
    "A name of 0 bytes is refused",
    (probe) => probe.refused(rawRegistration(ascii(""))),
  ],
  "name-empty-before-more": [
    "NAM-3",
    "A name behind a NUL counts as empty, and is refused",
    (probe) => probe.refused(rawRegistration(ascii(`\0${randomName()}`))),
  ],
  "name-with-newline": [
    "NAM-4",
    "A name with a newline is refused",
    (probe) => probe.refused(rawRegistration(ascii(`${randomName()}\nx`))),
  ],
  "name-with-escape": [
    "NAM-4",
    "A name that would colour a terminal is refused",
    (probe) => probe.refused(rawRegistration(ascii(`${randomName()}\x1b[31m`))),
  ],
  "name-not-ascii": [
    "NAM-4",
    "A name with letters beyond ASCII, in UTF-8, is refused",
    (probe) => probe.refused(rawRegistration(ascii(`${randomName()}é`))),
  ],
  "name-not-text": [
    "NAM-4",
    "A name with a byte ff is refused",
    (probe) => {
      const name = ascii(`${randomName()}?`);
      name[name.length - 1] = 0xff;
      return probe.refused(rawRegistration(name));
    },
  ],
  "name-taken": [
    "NAM-5",
    "A second registration under a name is refused",
    async (probe) => {
      const { name } = await probe.user();
      await probe.refused(registration(name));
    },
  ],
  "name-taken-by-same-key": [
    "NAM-5",
    "A repeated registration makes no second client",
    async (probe) => {
      const frame = registration(randomName(), {}, randomKey());
      const id = await prepare(
        "register",
        async () => idIn(await probe.ask(frame)),
      );
      const again = await probe.ask(frame, "a response 9000");
      if (again.code !== 2100) return void expectCode(again, 9000);
      must(
        equals(idIn(again), id),
        "a response 9000, or the id of before",
        "a 2100 with another id",
      );
    },
  ],
  "name-case-sensitive": [
    "NAM-6",
    "A name in capitals is another name",
    async (probe) => {
      const { name } = await probe.user();
      await taken(probe, ascii(name.toUpperCase()));
    },
  ],
  "name-starts-like-another": [
    "NAM-1",
    "A name that begins with another one is accepted",
    async (probe) => {
      const { name } = await probe.user();
      await taken(probe, ascii(`${name}${randomName()}`));
    },
  ],
  "name-before-garbage": [
    "NAM-7",
    "A name with other bytes than zeros behind its NUL is accepted",
    (probe) => taken(probe, withGarbage(randomName())),
  ],
  "name-taken-before-garbage": [
    "NAM-7",
    "A taken name is refused, whatever follows its NUL",
    async (probe) => {
      const { name } = await probe.user();
      await probe.refused(rawRegistration(withGarbage(name)));
    },
  ],
  "name-listed-without-garbage": [
    "NAM-7",
    "A name is listed without the bytes behind its NUL",
    async (probe) => {
      const requester = await probe.user();
      const name = randomName();
      const id = await prepare(
        "register",
        async () => idIn(await probe.ask(rawRegistration(withGarbage(name)))),
      );
      // An earlier registration may have spoilt the list.
      const listed = await prepare(
        "get a list",
        () => probe.listed(requester.id),
      );
      const entry = listed.find(({ clientId }) => equals(clientId, id));
      if (entry === undefined) {
        throw new Unprepared("it isn't in the list: see list-has-newcomers");
      }
      must(entry.name === name, "the name in the list", "another name");
    },
  ],
});

async function taken(probe: Probe, name: Uint8Array): Promise<void> {
  await probe.expect(rawRegistration(name), 2100);
}

const longName = (size: number) => randomName().padEnd(size, "x");

/** A name field with other bytes than zeros behind the NUL. */
function withGarbage(name: string): Uint8Array {
  const field = randomBytes(NAME_SIZE).map((byte) => byte || 1);
  field.set(ascii(`${name}\0`));
  return field;
}
