/**
 * Steps in which the client writes to users.
 *
 * @module
 */

import {
  DecryptError,
  decryptKey,
  ENCRYPTED_KEY_SIZE,
  generateSymmetricKey,
} from "../../../../shared/crypto/crypto.ts";
import { MessageType } from "../../../../shared/wire/protocol.ts";
import { messageOf } from "../arrival.ts";
import { cameOrFails, messagesFor, withoutFiles } from "../findings.ts";
import { isMeant, openContent, type Opened } from "../opened_content.ts";
import type { Check, Finding, Observed, Step } from "../step.ts";

/** Placeholder in a choice for the path of the file to send. */
export const SAMPLE_PATH = "SAMPLE";

/** Content of the file: all bytes, with NULs and invalid UTF-8, and no multiple of a block. */
export const SAMPLE: Uint8Array<ArrayBuffer> = Uint8Array.from(
  { length: 5003 },
  (_, index) => index * 7 + (index >> 8),
);

const TEXT = "Meet me at the old mill at noon, and bring the map.";
const UTF8_TEXT = "Grüße, שלום, 你好 🎉";
const LAST_KEY_TEXT = "This one goes out under the key that came last.";
const OWN_KEY_TEXT = "This one goes out under a key that we sent ourselves.";

type To = "ben" | "dana";

const bytesOf = (text: string) => new TextEncoder().encode(text);

const sentTo = (observed: Observed, to: To, type: MessageType) =>
  messagesFor(observed.arrived, observed.scenario[to], type);

/** Decrypts the last message of a type in this step. */
async function openLast(
  observed: Observed,
  to: To,
  type: MessageType,
  expected: Uint8Array,
): Promise<Opened | undefined> {
  const message = sentTo(observed, to, type).at(-1);
  const content = message === undefined
    ? undefined
    : messageOf(message)?.content;
  if (content === undefined) return undefined;
  return await openContent(content, observed.scenario[to].keys, expected);
}

/** Judges of a content: its encryption, its plaintext, its key. */
function contentChecks(
  to: To,
  type: MessageType,
  expected: Uint8Array,
) {
  const what = type === MessageType.File ? "file" : "text";
  const at = (observed: Observed) => sentTo(observed, to, type).slice(-1);
  const opened = (observed: Observed) => openLast(observed, to, type, expected);
  const later = async (
    observed: Observed,
    judge: (opened: { plaintext: Uint8Array; under: number }) => Finding,
  ): Promise<Finding> => {
    const content = await opened(observed);
    if (content === undefined) return { skips: `no ${what} came for ${to}` };
    if ("problem" in content) {
      return { skips: `the ${what} for ${to} can't be read` };
    }
    return judge(content);
  };
  return {
    encrypted: async (observed: Observed): Promise<Finding> => {
      const content = await opened(observed);
      if (content === undefined) {
        return cameOrFails(`message of type ${type} for ${to}`, [], observed);
      }
      return "problem" in content
        ? { fails: content.problem, at: at(observed) }
        : undefined;
    },
    meant: (observed: Observed): Promise<Finding> =>
      later(
        observed,
        ({ plaintext }) =>
          isMeant(plaintext, expected) ? undefined : {
            fails: `it is another ${what}, of ${plaintext.length} bytes`,
            at: at(observed),
          },
      ),
    underLast: (observed: Observed): Promise<Finding> =>
      later(observed, ({ under }) => {
        const { length } = observed.scenario[to].keys;
        return under === length - 1 ? undefined : {
          fails: `it was encrypted with key ${under + 1} of ${length}`,
          at: at(observed),
        };
      }),
  };
}

/** A step that sends a message of a type. */
function writes(
  to: To,
  title: string,
  choices: Step["choices"],
  type: MessageType,
  checks: readonly Check[],
): Step {
  return {
    subject: "conversation",
    title,
    choices,
    isComplete: (observed) => sentTo(observed, to, type).length > 0,
    checks,
  };
}

/** Asks ben for a key. */
export const requestKey: Step = writes(
  "ben",
  "Ask ben for a symmetric key",
  [["151", "ben"]],
  MessageType.KeyRequest,
  [{
    name: "key-request",
    clause: "MSG-1",
    about: "A message of type 1 comes for ben, and is empty",
    judge: (observed) => {
      const messages = sentTo(observed, "ben", MessageType.KeyRequest);
      const size = messages.map((message) => messageOf(message)?.content.length)
        .find((size) => size !== 0);
      return cameOrFails("message of type 1 for ben", messages, observed) ??
        (size === undefined
          ? undefined
          : { fails: `it has ${size} bytes of content`, at: messages });
    },
  }],
);

const text = contentChecks("ben", MessageType.Text, bytesOf(TEXT));
const utf8 = contentChecks("ben", MessageType.Text, bytesOf(UTF8_TEXT));
const last = contentChecks("ben", MessageType.Text, bytesOf(LAST_KEY_TEXT));
const own = contentChecks("dana", MessageType.Text, bytesOf(OWN_KEY_TEXT));
const file = contentChecks("dana", MessageType.File, SAMPLE);

/** Sends a text to ben, with the key that the client has. */
export const sendText: Step = writes(
  "ben",
  "Send ben a text",
  [["150", "ben", TEXT]],
  MessageType.Text,
  [{
    name: "text-encrypted",
    clause: "AES-1",
    about: "The text decrypts with AES-128-CBC, a zero IV and PKCS#7",
    judge: text.encrypted,
  }],
);

/** Sends a text that isn't ASCII. */
export const sendUtf8: Step = writes(
  "ben",
  "Send ben a text that isn't ASCII",
  [["150", "ben", UTF8_TEXT]],
  MessageType.Text,
  [{
    name: "text-utf8",
    clause: "MSG-2",
    about: "The text is the typed one, as UTF-8",
    judge: utf8.meant,
  }],
);

/** Receives two keys unasked, then sends a text. */
export const useLastKey: Step = {
  ...writes(
    "ben",
    "Ask for waiting messages, then send ben a text",
    [["140"], ["150", "ben", LAST_KEY_TEXT]],
    MessageType.Text,
    [{
      name: "keys-unasked",
      clause: "MSG-4",
      about: "Two unasked keys are accepted, and the client goes on",
      judge: (observed) => {
        const texts = sentTo(observed, "ben", MessageType.Text);
        return observed.scenario.waiting.length > 0
          ? { fails: "the keys weren't pulled" }
          : cameOrFails("text for ben", texts, observed);
      },
    }, {
      name: "last-key",
      clause: "MSG-5",
      about: "The next text is encrypted with the last key",
      judge: last.underLast,
    }],
  ),
  async prepare({ ben, clientKey, waiting }) {
    waiting.push([
      await ben.keyLetter(clientKey, await generateSymmetricKey()),
      await ben.keyLetter(clientKey, await generateSymmetricKey()),
    ]);
  },
};

/** Sends dana a key after a request: some clients send one only then. */
export const sendKey: Step = {
  ...writes(
    "dana",
    "Send dana your symmetric key, once dana has asked for it",
    [["140"], ["152", "dana"]],
    MessageType.Key,
    [{
      name: "key-encrypted",
      clause: "RSA-1",
      about:
        `A key of 16 bytes comes, as ${ENCRYPTED_KEY_SIZE} of RSA-OAEP under dana's public key`,
      judge: judgeKey,
    }],
  ),
  prepare({ dana, waiting }) {
    waiting.push([dana.letter(MessageType.KeyRequest, new Uint8Array())]);
  },
};

async function judgeKey(observed: Observed): Promise<Finding> {
  const messages = sentTo(observed, "dana", MessageType.Key);
  const missing = cameOrFails("message of type 2 for dana", messages, observed);
  if (missing !== undefined) return missing;
  for (const message of messages) {
    const { content } = messageOf(message) ?? { content: new Uint8Array() };
    const at = [message];
    if (content.length !== ENCRYPTED_KEY_SIZE) {
      return { fails: `it has ${content.length} bytes`, at };
    }
    try {
      await decryptKey(observed.scenario.dana.pair.privateKey, content);
    } catch (error) {
      if (!(error instanceof DecryptError)) throw error;
      return { fails: "dana's private key finds no 16 bytes in it", at };
    }
  }
  return undefined;
}

/** Sends a text encrypted with the key that the client sent. */
export const useOwnKey: Step = writes(
  "dana",
  "Send dana a text",
  [["150", "dana", OWN_KEY_TEXT]],
  MessageType.Text,
  [{
    name: "own-key",
    clause: "MSG-5",
    about: "The text is encrypted with the key that the client sent last",
    judge: (observed) =>
      observed.scenario.dana.keys.length === 0
        ? { skips: "dana has no key to read it with: see key-encrypted" }
        : own.underLast(observed),
  }],
);

/** Sends a file. */
export const sendFile: Step = writes(
  "dana",
  "Send dana the file",
  [["153", "dana", SAMPLE_PATH]],
  MessageType.File,
  [{
    name: "file-encrypted",
    clause: "AES-1",
    about: "The file decrypts with AES-128-CBC, a zero IV and PKCS#7",
    judge: (observed) => {
      if (observed.scenario.dana.keys.length === 0) {
        return { skips: "dana has no key to read it with: see key-encrypted" };
      }
      const came = sentTo(observed, "dana", MessageType.File).length > 0;
      return came ? file.encrypted(observed) : withoutFiles(observed) ??
        file.encrypted(observed);
    },
  }, {
    name: "file-bytes",
    clause: "MSG-3",
    about: "The content is the file's bytes and nothing else",
    judge: file.meant,
  }],
);
