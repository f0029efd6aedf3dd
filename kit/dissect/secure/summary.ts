import { PackageKind } from "../../../shared/secure/key_package.ts";
import {
  RefusalReason,
  SendingState,
} from "../../../shared/secure/secure_protocol.ts";
import { formatThings } from "../../../shared/cli/figures.ts";
import type { Direction } from "../form.ts";
import { clientText, nameText, shortId } from "../meaning.ts";
import type { Names } from "../names.ts";
import { integer, lastName, type Piece } from "../walk.ts";
import type { SecureKind } from "./kind.ts";
import { nameOf } from "./meaning.ts";

/** The whole fields of a payload, by the last names of their paths. */
class Fields {
  readonly #pieces: readonly Piece[];
  readonly #names: Names;

  constructor(pieces: readonly Piece[], names: Names) {
    this.#pieces = pieces.filter(({ path, missing }) =>
      path.startsWith("payload") && missing === 0
    );
    this.#names = names;
  }

  all(name: string): readonly Piece[] {
    return this.#pieces.filter(({ path }) => lastName(path) === name);
  }

  bytes(name: string): Uint8Array {
    return this.all(name)[0]?.bytes ?? new Uint8Array();
  }

  number(name: string): number {
    return integer(this.bytes(name));
  }

  /** The start of an id, with the name that belongs to it. */
  id(name: string): string {
    return shortId(this.bytes(name), this.#names);
  }

  name(): string {
    return nameText(this.bytes("name"));
  }

  /** The names of a field's clients, each once. */
  clients(name: string): string {
    const texts = this.all(name).map(({ bytes }) =>
      clientText(bytes, this.#names)
    );
    return [...new Set(texts)].join(", ");
  }

  things(name: string, noun: string): string {
    return formatThings(this.all(name).length, noun);
  }
}

type Details = Readonly<
  Partial<Record<SecureKind, (fields: Fields) => string>>
>;

const requestDetails: Details = {
  hello: (fields) =>
    `versions ${fields.number("least")} to ${fields.number("most")}`,
  register: (fields) =>
    fields.name() + (fields.all("proof").length > 0 ? ", lifted" : ""),
  challenge: (fields) => fields.id("account"),
  authenticate: (fields) => `count ${fields.number("count")}`,
  lookUp: (fields) =>
    fields.all("name").length > 0 ? fields.name() : fields.id("account"),
  claim: (fields) =>
    `of ${fields.things("devices", "device")} of ${fields.id("account")}`,
  publish: (fields) => fields.things("number", "package"),
  send: (fields) =>
    `${fields.things("content", "envelope")}, to ${fields.id("account")}`,
  fetch: (fields) => {
    const wait = fields.number("wait");
    return `up to ${fields.number("acknowledged")} is taken` +
      (wait === 0 ? "" : `, wait ${wait} s`);
  },
  record: (fields) => `version ${fields.number("version")}`,
  outcome: (fields) => fields.things("uids", "sending"),
  sendLegacy: (fields) => `to ${fields.id("target")}`,
};

const responseDetails: Details = {
  hello: (fields) => `version ${fields.number("version")}`,
  register: (fields) => fields.id("account"),
  authenticate: (fields) =>
    `${formatThings(fields.number("waiting"), "message")} waiting`,
  lookUp: (fields) =>
    fields.all("name").length > 0
      ? `${fields.name()}, record version ${fields.number("version")}`
      : `a legacy client, ${fields.id("account")}`,
  claim: (fields) => {
    const kinds = fields.all("kind").map(({ bytes }) => integer(bytes));
    const single = kinds.filter((kind) => kind === PackageKind.SingleUse);
    return `${
      kinds.length - single.length
    } weekly, ${single.length} single-use`;
  },
  publish: (fields) => `${fields.number("singleUseLeft")} single-use left`,
  send: (fields) => fields.number("taken") === 1 ? "taken" : "was taken before",
  fetch: (fields) => {
    const from = fields.clients("account");
    return fields.things("seq", "message") +
      (from === "" ? "" : ` from ${from}`);
  },
  record: (fields) => `version ${fields.number("version")}`,
  outcome: (fields) =>
    fields.all("state").map(({ bytes }) => nameOf(SendingState, bytes))
      .join(", "),
  sendLegacy: (fields) => `message ${fields.number("messageId")}`,
  refusal: (fields) => nameOf(RefusalReason, fields.bytes("reason")),
};

/** What a secure frame is about, in a few words; empty if its code says it all. */
export function secureDetail(
  kind: SecureKind,
  direction: Direction,
  pieces: readonly Piece[],
  names: Names,
): string {
  const details = direction === "request" ? requestDetails : responseDetails;
  return details[kind]?.(new Fields(pieces, names)) ?? "";
}
