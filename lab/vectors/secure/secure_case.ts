import type { SecureForm, SecureMeaning, SecureVector } from "../vector.ts";

/** A case before its bytes are in hex. */
export interface SecureCase extends Pick<SecureVector, "name" | "about"> {
  /** What the bytes are. */
  readonly of: SecureForm;
  /** The broken clause. Default: none */
  readonly breaks?: Exclude<SecureVector["verdict"], "valid">;
  readonly bytes: Uint8Array;
  /** Other bytes that they are held against. */
  readonly given?: Readonly<Record<string, Uint8Array>>;
  /** What they say, bytes as arrays. Default: nothing */
  readonly meaning?: SecureMeaning;
}

/** The case as it stands in the file. */
export function secureVector(
  { name, about, of, breaks, bytes, given, meaning = {} }: SecureCase,
): SecureVector {
  return {
    name: `secure-${name}`,
    about,
    of,
    verdict: breaks ?? "valid",
    bytes: bytes.toHex(),
    ...given === undefined
      ? {}
      : { given: inHex(given) as Readonly<Record<string, string>> },
    meaning: inHex(meaning) as SecureMeaning,
  };
}

/** A value with its bytes in hex. */
const inHex = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(
    value,
    (_, part) => part instanceof Uint8Array ? part.toHex() : part,
  ));
