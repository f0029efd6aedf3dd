/**
 * Steps in which users write to the client.
 *
 * @module
 */

import {
  cameOrFails,
  ofKind,
  printedOrFails,
  shows,
  withoutFiles,
} from "../findings.ts";
import type { Observed, Step } from "../step.ts";
import { unopened } from "../person.ts";
import { PULL } from "../../../requests.ts";

const TEXT = "ben says: the mill burned down last year";
const UTF8_TEXT = "ben sagt: schöne Grüße, שלום 🎉";
const OLD_KEY_TEXT = "ben says: this is under an older key";
/** Bytes that are no text, and no multiple of a block. */
const FILE: Uint8Array<ArrayBuffer> = Uint8Array.from(
  { length: 3001 },
  (_, index) => index * 11,
);

const isSaved = async ({ folder, output = "" }: Observed) => {
  const paths = output.match(/\/[^\r\n]+/g) ?? [];
  return await folder?.holds(FILE, paths.map((path) => path.trim())) ?? false;
};

const pulls = (observed: Observed) => ofKind(observed.arrived, PULL);
const isPulled = (observed: Observed) =>
  pulls(observed).length > 0 && observed.scenario.waiting.length === 0;

/** Receives a key and texts. */
export const receiveTexts: Step = {
  subject: "conversation",
  title: "Ask for waiting messages",
  choices: [["140"]],
  sees: `a symmetric key, "${TEXT}" and "${UTF8_TEXT}"`,
  isSeen: shows(TEXT, UTF8_TEXT),
  async prepare({ ben, clientKey, waiting }) {
    waiting.push(await ben.keyAndTexts(clientKey, TEXT, UTF8_TEXT));
  },
  isComplete: isPulled,
  checks: [
    {
      name: "pulls",
      clause: "REQ-1",
      about: "A 604 comes",
      judge: (observed) => cameOrFails("604", pulls(observed), observed),
    },
    {
      name: "reads-text",
      clause: "AES-1",
      about: "A text is shown whose key came just before it",
      drivenOnly: true,
      judge: (observed) => printedOrFails(observed, [TEXT]),
    },
    {
      name: "reads-utf8",
      clause: "MSG-2",
      about: "A text that isn't ASCII is shown unchanged",
      drivenOnly: true,
      judge: (observed) => printedOrFails(observed, [UTF8_TEXT]),
    },
  ],
};

/** Receives a text encrypted with an older key. */
export const readOlder: Step = {
  subject: "conversation",
  title: "Ask for waiting messages",
  choices: [["140"]],
  sees: `"${OLD_KEY_TEXT}"`,
  isSeen: shows(OLD_KEY_TEXT),
  async prepare({ ben, waiting }) {
    const [first, ...newer] = ben.keys;
    if (first === undefined) return;
    let count = 0;
    const letter = await unopened(
      newer,
      () => ben.textLetter(first, `${OLD_KEY_TEXT} ${count++}`),
    );
    waiting.push([letter]);
  },
  isComplete: isPulled,
  checks: [{
    name: "older-key-reads",
    clause: "MSG-6",
    about: "A text encrypted with an older key is shown",
    drivenOnly: true,
    judge: (observed) =>
      observed.scenario.ben.keys.length === 0
        ? { skips: "ben has no key to write with" }
        : printedOrFails(observed, [OLD_KEY_TEXT]),
  }],
};

/** Receives a file. */
export const receiveFile: Step = {
  subject: "conversation",
  title: "Ask for waiting messages",
  choices: [["140"]],
  sees: `the path of a file of ${FILE.length} bytes`,
  isSeen: isSaved,
  async prepare({ ben, clientKey, waiting }) {
    const letters = await ben.keyAndTexts(clientKey);
    const key = letters[0]?.brings?.key;
    if (key === undefined) return;
    waiting.push([...letters, await ben.fileLetter(key, FILE)]);
  },
  isComplete: isPulled,
  checks: [{
    name: "file-saved",
    clause: "MSG-3",
    about: "A received file is saved, byte for byte",
    expected:
      "a file with its bytes in the folder, in TMPDIR, or under a path that is printed",
    drivenOnly: true,
    judge: async (observed) =>
      await isSaved(observed) ? undefined : withoutFiles(observed) ?? {
        fails: "no file has its bytes",
        at: observed.arrived.slice(-1),
      },
  }],
};
