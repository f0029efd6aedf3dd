/**
 * The JSON objects that verbs print, declared: docs/scripting.md lists them.
 *
 * @module
 */

/** A kind of object, with the names of its fields as `F`. */
export interface DataKind<F extends string = string> {
  /** Its `type`, which stands first in each object. */
  readonly type: string;
  /** What the page says of each field; empty where the name says it. */
  readonly fields: Readonly<Record<F, string>>;
  /** The kind whose fields it has too. */
  readonly base: DataKind | undefined;
}

/**
 * Declares a kind of object by the names of its fields.
 *
 * @param base the kind whose fields stand before its own
 * @param notes what the page says of single fields
 */
export function dataKind<const F extends string, B extends string = never>(
  type: string,
  names: readonly F[],
  { base, notes }: {
    readonly base?: DataKind<B>;
    readonly notes?: Readonly<Partial<Record<F, string>>>;
  } = {},
): DataKind<F | B> {
  const own = names.map((name) => [name, notes?.[name] ?? ""] as const);
  const fields = { ...base?.fields, ...Object.fromEntries(own) };
  return { type, fields: fields as Record<F | B, string>, base };
}

/** The user. */
export const identityData = dataKind("identity", ["name", "id"]);

/** A message. */
export const messageData = dataKind("message", [
  "id",
  "contact",
  "contactId",
  "direction",
  "kind",
  "text",
  "path",
  "size",
  "time",
  "delivery",
  "doubtful",
  "accepted",
]);

/** A message that was sent. */
export const sentData = dataKind("sent", [], { base: messageData });

/** A message that wasn't sent, since `--on-key-change skip` says so. */
export const skippedData = dataKind("skipped", ["id", "contact", "reason"], {
  notes: { reason: "`key-changed`" },
});

/** A contact's public key. */
export const keyData = dataKind("key", [
  "contact",
  "contactId",
  "publicKey",
  "fingerprint",
  "offered",
], {
  notes: {
    publicKey: "Base64",
    offered:
      "null, or `publicKey` and `fingerprint` of another one that the relay gives",
  },
});
