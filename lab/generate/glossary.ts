/**
 * The tables of docs/glossary.md.
 *
 * @module
 */

import { clauses } from "../../kit/clauses.ts";
import { typeName } from "../../kit/dissect/meaning.ts";
import { CONTENT_SIZE } from "../../kit/dissect/walk.ts";
import {
  defaultDialect,
  type Dialect,
  dialects,
  requestCode,
  responseCodeIn,
} from "../../shared/wire/dialects.ts";
import type { AnyField } from "../../shared/wire/fields.ts";
import { requestHeader, responseHeader } from "../../shared/wire/frames.ts";
import { MessageType } from "../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  requestCodecs,
  type RequestKind,
  requestKinds,
  requestRecord,
  responseCode,
  responseCodecs,
} from "../../shared/wire/requests.ts";
import { flatFields, words } from "./layout.ts";
import { table } from "./markdown.ts";

/** What each request and each response is for. */
const purposes: Readonly<
  Record<RequestKind, readonly [request: string, response: string]>
> = {
  register: [
    "Joins the relay under a name, with a public key",
    "Gives the new client its id",
  ],
  clientsList: [
    "Asks who else is registered",
    "Lists all other clients",
  ],
  publicKey: [
    "Asks for another client's public key, to send it a symmetric key",
    "Gives that key",
  ],
  sendMessage: [
    "Leaves a message for another client",
    "Confirms that the relay has it, under an id",
  ],
  waitingMessages: [
    "Fetches the messages that wait for the client",
    "Hands them over; the relay then deletes them",
  ],
};

/** What each field is, and the letters of its clauses. */
const meanings: Readonly<Record<string, readonly [what: string, of?: string]>> =
  {
    clientId: ["16 random bytes that the relay draws for a client", "CID"],
    version: ["The version of the protocol: 2", "REQ"],
    code: ["Which request or response it is: the tables above"],
    payloadSize: ["Number of bytes behind the header", "FRM"],
    name: ["1 to 254 characters, a zero, and zeros to the end", "NAM"],
    publicKey: ["An RSA key of 1024 bits, as X.509 in DER", "PUB"],
    target: ["The id of the client that a request is about"],
    sender: ["The id of the client that sent a message"],
    type: ["What a message holds: the types above", "MSG"],
    [CONTENT_SIZE]: ["Number of bytes of the content behind it"],
    content: ["What a message holds, encrypted", "MSG"],
    messageId: ["Numbers the messages of an inbox, upwards"],
  };

/** What each type of message is for, what it holds, and its clauses. */
const types: Readonly<
  Record<MessageType, readonly [purpose: string, content: string, of: string]>
> = {
  [MessageType.KeyRequest]: [
    "Asks another client for a symmetric key",
    "nothing",
    "MSG-1",
  ],
  [MessageType.Key]: [
    "Gives another client the key of what follows",
    "16 bytes, encrypted with its public key: 128 bytes of RSA-OAEP",
    "RSA-1, MSG-4, MSG-5, MSG-6",
  ],
  [MessageType.Text]: [
    "A text to read",
    "UTF-8, encrypted with the symmetric key: AES-128-CBC",
    "AES-1, MSG-2, MSG-7",
  ],
  [MessageType.File]: [
    "A file to save",
    "its bytes without a name, encrypted with the symmetric key: AES-128-CBC",
    "AES-1, MSG-3, MSG-8",
  ],
};

/** A code of the first dialect. */
interface Entry {
  /** Its code in a dialect. */
  readonly codeIn: (dialect: Dialect) => number;
  readonly isRequest: boolean;
  readonly name: string;
  readonly purpose: string;
  readonly carries: string;
  readonly clauses: string;
}

const entries: readonly Entry[] = [
  ...requestKinds.flatMap((kind) => [requestEntry(kind), responseEntry(kind)]),
  {
    codeIn: () => ERROR_CODE,
    isRequest: false,
    name: "failure",
    purpose: "Refuses a request, or says that it failed, without a reason",
    carries: "nothing",
    clauses: link("ERR", "#failures"),
  },
];

function requestEntry(kind: RequestKind): Entry {
  return {
    codeIn: (dialect) => requestCode(kind, dialect),
    isRequest: true,
    name: requestRecord(kind).label,
    purpose: purposes[kind][0],
    carries: carried(requestCodecs[kind]),
    clauses: sectionLink(kind),
  };
}

function responseEntry(kind: RequestKind): Entry {
  return {
    codeIn: (dialect) => responseCodeIn(dialect, responseCode[kind]),
    isRequest: false,
    name: requestRecord(kind).responseLabel,
    purpose: purposes[kind][1],
    carries: carried(responseCodecs[kind]),
    clauses: sectionLink(kind),
  };
}

/** What a payload carries, with sizes in bytes. */
function carried(payload: Pick<AnyField, "shape">): string {
  const fields = flatFields(payload)
    .map(({ name, size }) => `${words(name)} (${size ?? "n"})`).join(", ");
  if (fields === "") return "nothing";
  return payload.shape.kind === "list" ? `of each: ${fields}` : fields;
}

/** The clauses of a request's section in docs/protocol.md. */
function sectionLink(kind: RequestKind): string {
  const { label, index, sizeClause } = requestRecord(kind);
  const heading = `7${index + 1} ${label} ${requestCode(kind)} ${
    responseCode[kind]
  }`;
  const [group = ""] = sizeClause.split("-");
  return link(group, `#${heading.replaceAll(" ", "-")}`);
}

/** A link to the clauses of a group: `REG-1 to REG-3`. */
function link(group: string, anchor: string): string {
  const ids = Object.keys(clauses).filter((id) => id.startsWith(`${group}-`));
  const text = ids.length === 1 ? ids[0] : `${ids[0]} to ${ids.at(-1)}`;
  return `[${text}](protocol.md${anchor})`;
}

const direction = ({ isRequest }: Entry) =>
  isRequest ? "client → relay" : "relay → client";

/** All codes of the first dialect. */
export const codeGlossary = (): string =>
  table([
    [
      "code",
      "name",
      "direction",
      "what it is for",
      "what it carries",
      "clauses",
    ],
    ...entries.map((entry) => [
      `${entry.codeIn(defaultDialect)}`,
      entry.name,
      direction(entry),
      entry.purpose,
      entry.carries,
      entry.clauses,
    ]),
  ]);

/** The code of each name in each dialect. */
export const codesByDialect = (): string =>
  table([
    ["name", "direction", ...dialects.map(({ name }) => name)],
    ...entries.map((entry) => [
      entry.name,
      direction(entry),
      ...dialects.map((dialect) => `${entry.codeIn(dialect)}`),
    ]),
  ]);

/** All codes of all dialects by number. */
export function codesByNumber(): string {
  const all = entries.flatMap((entry) =>
    dialects.map((dialect) => ({
      ...entry,
      code: entry.codeIn(dialect),
      dialect: dialect.name,
    }))
  );
  const byCode = Map.groupBy(
    all.toSorted((a, b) => a.code - b.code),
    // A code of 1000 is a request, or a response.
    ({ code, isRequest }) => `${code} ${isRequest}`,
  );
  return table([
    ["code", "direction", "name", "dialects"],
    ...[...byCode.values()].flatMap((same) => {
      const [first] = same;
      if (first === undefined) return [];
      const names = same.map(({ dialect }) => dialect);
      return [[
        `${first.code}`,
        direction(first),
        first.name,
        names.length === dialects.length ? "all" : names.join(", "),
      ]];
    }),
  ]);
}

/** The types of message. */
export const typeGlossary = (): string =>
  table([
    ["type", "name", "what it is for", "content", "clauses"],
    ...Object.values(MessageType).map((type) => {
      const [purpose, content, of] = types[type];
      return [
        `${type}`,
        typeName(type),
        purpose,
        content,
        `[${of}](protocol.md#8-contents)`,
      ];
    }),
  ]);

/** Sections of docs/protocol.md with the clauses of fields. */
const anchors: Readonly<Record<string, string>> = {
  CID: "#62-client-id",
  REQ: "#4-the-requests-header",
  FRM: "#2-frames",
  NAM: "#61-name",
  PUB: "#63-public-key",
  MSG: "#8-contents",
};

/** The fields of headers and payloads, each once. */
export function fieldGlossary(): string {
  const fields = [
    requestHeader,
    responseHeader,
    ...requestKinds.flatMap((
      kind,
    ) => [requestCodecs[kind], responseCodecs[kind]]),
  ].flatMap(flatFields);
  const byName = new Map(fields.map((field) => [field.name, field]));
  return table([
    ["field", "bytes", "what it is", "clauses"],
    ...[...byName.values()].map(({ name, size }) => {
      const [what, of] = meanings[name] ?? [];
      if (what === undefined) throw new Error(`Expected a meaning of ${name}`);
      return [
        words(name),
        `${size ?? "n"}`,
        what,
        of === undefined ? "" : link(of, anchors[of] ?? ""),
      ];
    }),
  ]);
}
