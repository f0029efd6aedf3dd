/** The mistakes that the wrong client makes, and the checks that they fail. */

/** A mistake, and which checks fail for it. */
interface MistakeRow {
  /** What the client does wrong. */
  readonly what: string;
  /** Names of the checks that fail. */
  readonly fails: readonly string[];
  /** Whether only bad answers bring it out. */
  readonly badly?: true;
}

const rows = {
  "big-endian": {
    what: "codes and sizes are big endian",
    fails: ["little-endian"],
  },
  "counts-header": {
    what: "the payload's size counts the header",
    fails: ["payload-size"],
  },
  "counts-content": {
    what: "a message's payload size is that of its content",
    fails: ["payload-size"],
  },
  "aligned-header": {
    what: "the header has a byte more, as a compiler aligns it",
    fails: ["code"],
  },
  "keys-when-asked": {
    what: "a symmetric key is sent to who asks for it, and to nobody else",
    fails: [],
  },
  "content-size": {
    what: "a content's size is off by one",
    fails: ["content-size"],
  },
  "version-1": { what: "requests carry version 1", fails: ["version"] },
  "zero-id": { what: "602 carries no id", fails: ["client-id"] },
  "two-writes": {
    what: "header and payload go out by themselves",
    fails: ["one-write"],
  },
  "half-close": {
    what: "its side is closed behind the request",
    fails: ["no-half-close"],
  },
  "pipelines": {
    what: "a 604 follows a 601 at once",
    fails: ["waits-for-responses"],
  },
  "long-key": {
    what: "the exponent is 65537, and the key has 162 bytes",
    fails: ["public-key"],
  },
  "unsized-in-blocks": {
    what: "requests are filled to blocks, and the size in a 602 isn't set",
    fails: ["payload-size"],
    badly: true,
  },
  "unpadded-name": {
    what: "the name's field isn't cleared",
    fails: ["name-field"],
  },
  "registers-over": {
    what: "a second registration goes out",
    fails: ["registers-once"],
  },
  "other-id": {
    what: "info.me has another id",
    fails: ["identity-file", "identity-stays"],
  },
  "full-request": {
    what: "a request for a key has content",
    fails: ["key-request"],
  },
  "raw-key": {
    what: "a symmetric key goes out as it is",
    fails: ["key-encrypted"],
  },
  "other-iv": {
    what: "the IV isn't zero",
    fails: ["text-encrypted", "file-encrypted"],
  },
  "zero-padding": {
    what: "contents are padded with zeros",
    fails: ["text-encrypted", "file-encrypted"],
  },
  "latin-1": { what: "texts are in Latin-1", fails: ["text-utf8"] },
  "first-key": {
    what: "the first key is used for ever",
    fails: ["last-key"],
  },
  "named-file": {
    what: "a file's name goes before its bytes",
    fails: ["file-bytes"],
  },
  "stays": { what: "0 doesn't end it", fails: ["ends"] },
  "version-2-only": {
    what: "answers of other versions are refused",
    fails: ["version-3"],
    badly: true,
  },
  "one-read": {
    what: "one read is taken for the whole answer",
    fails: ["byte-by-byte"],
    badly: true,
  },
  "needs-20": {
    what: "a 2103 has to have 20 bytes",
    fails: ["sent-16", "sent-0"],
    badly: true,
  },
  "needs-id": {
    what: "a 2102 has to have an id",
    fails: ["key-alone"],
    badly: true,
  },
  "raw-output": {
    what: "names and texts are printed as they come",
    fails: ["names-shown", "text-shown"],
    badly: true,
  },
  "silent": {
    what: "failures aren't told",
    fails: ["failure-told"],
    badly: true,
  },
  "dies": {
    what: "it ends at a 9000",
    fails: [
      "refusal-survived",
      "failure",
      "failure-told",
      "failure-with-payload",
    ],
    badly: true,
  },
  "hangs": {
    what: "it hangs at a 9000",
    fails: [
      "refusal-survived",
      "failure",
      "failure-told",
      "failure-with-payload",
    ],
    badly: true,
  },
  "stops-at-unreadable": {
    what: "what follows an unreadable message is lost",
    fails: [
      "key-behind-text",
      "unreadable-text",
      "odd-size",
      "unreadable-key",
      "unknown-type",
      "unknown-sender",
    ],
    badly: true,
  },
  "drops-broken": {
    what: "what came of an answer that breaks off is dropped",
    fails: ["inbox-cut-off"],
    badly: true,
  },
} as const satisfies Record<string, MistakeRow>;

/** The name of a mistake. */
export type Mistake = keyof typeof rows;

/** All mistakes. */
export const mistakes: Readonly<Record<Mistake, MistakeRow>> = rows;
