/**
 * Declares the JSON objects that verbs print; docs/scripting.md lists them.
 *
 * @module
 */

/** A kind of JSON object; `F` are the names of its fields. */
export interface DataKind<F extends string = string> {
  /** Value of the first field, `type`. */
  readonly type: string;
  /** Notes on the fields for the page; may be empty. */
  readonly fields: Readonly<Record<F, string>>;
  /** The kind whose fields it extends. */
  readonly base: DataKind | undefined;
}

/**
 * Declares a kind of JSON object.
 *
 * @param base the kind whose fields come before its own
 * @param notes notes on single fields for the page
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

/** Fields of the user. */
export const identityData = dataKind("identity", ["name", "id"]);

/** Fields of a message. */
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

/** Fields of a sent message. */
export const sentData = dataKind("sent", [], { base: messageData });

/** Fields of a message that `--on-key-change skip` held back. */
export const skippedData = dataKind("skipped", ["id", "contact", "reason"], {
  notes: { reason: "`key-changed`" },
});

/** Fields of a contact's public key. */
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
