import { MAX_NAME_LENGTH } from "../wire/protocol.ts";
import { EXPECTED, IdentityError } from "./identity_error.ts";

/** The label before a name in files with labels. */
export const NAME_LABEL: RegExp =
  /^\s*(?:(?:user|client)[ _-]?)?name\s*[:=]\s*/i;

/** A name in a file. */
export interface FoundName {
  /** The name. */
  name: string;
  /** Its form in words; empty for the name alone. */
  how: string[];
  /** Why the name may be wrong or unusable. */
  warnings: string[];
}

/**
 * Parses the name in a line.
 *
 * @param line the line's bytes as characters below U+0100
 * @throws {IdentityError} if the name can't be registered (NAM-1)
 */
export function readName(line: string): FoundName {
  const [text = ""] = line.split("\0");
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)
    .replace(/^\ufeff+/, "");
  const problem = problemOf(name);
  if (problem !== undefined) {
    throw new IdentityError(
      `expected the user's name, got ${problem}`,
      EXPECTED,
    );
  }
  const warnings: string[] = [];
  if (!/^[\x20-\x7e]+$/.test(name)) {
    warnings.push(
      "The name has characters beyond ASCII, which few relays accept",
    );
  }
  if (NAME_LABEL.test(name)) {
    warnings.push("The name begins like a label, and is taken as it stands");
  }
  return { name, how: text === line ? [] : ["with NULs behind it"], warnings };
}

function problemOf(name: string): string | undefined {
  if (name.trim() === "") return "none";
  // deno-lint-ignore no-control-regex -- they are what is refused
  if (/[\x00-\x1f\x7f]/.test(name)) return "control characters";
  // The size that we will write.
  const size = new TextEncoder().encode(name).length;
  if (size <= MAX_NAME_LENGTH) return undefined;
  return `${size} bytes, of which ${MAX_NAME_LENGTH} can be registered`;
}
