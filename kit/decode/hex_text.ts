import { decodeHex } from "@std/encoding";

/** A comment, to the end of its line. */
const COMMENT = /(#|\/\/|;).*$/;
/** A line of `xxd`: an offset, a colon, bytes in groups, two blanks, text. */
const XXD = /^[0-9a-f]{4,16}: (.*)$/i;
/** A line of `hexdump -C`: an offset, two blanks, bytes, text between bars. */
const HEXDUMP = /^[0-9a-f]{7,16}(?: {2}(.*?))?(?:\|.*)?$/i;

/** Whether bytes are text: frames have other control characters. */
export function isText(bytes: Uint8Array): boolean {
  return bytes.length > 0 &&
    bytes.every((byte) =>
      byte >= 0x20 && byte !== 0x7f || byte === 9 || byte === 10 || byte === 13
    );
}

/**
 * Parses bytes in hex: with blanks, commas or colons between them, `0x` before
 * them, comments behind them, or as printed by `xxd` and `hexdump -C`.
 *
 * @throws {Error} with the number of the malformed line
 */
export function parseHexText(text: string): Uint8Array {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const isHexdump = lines.some((line) =>
    /^[0-9a-f]{7,16} {2}.*\|$/i.test(line)
  );
  const digits = lines.map((line, index) => {
    try {
      return digitsIn(line.trimEnd(), isHexdump);
    } catch (cause) {
      const { message } = cause as Error;
      throw new Error(`line ${index + 1}: ${message}`, { cause });
    }
  }).join("");
  if (digits.length % 2 !== 0) {
    throw new Error(
      `Expected two hex digits a byte, got ${digits.length} digits`,
    );
  }
  return decodeHex(digits);
}

function digitsIn(line: string, isHexdump: boolean): string {
  if (isHexdump && line === "*") {
    throw new Error("Lines are left out at *: use hexdump -Cv");
  }
  const dump = XXD.exec(line)?.[1]?.split("  ", 1)[0] ??
    (isHexdump
      ? HEXDUMP.exec(line)?.slice(1).map((bytes) => bytes ?? "")[0]
      : undefined) ??
    line.replace(COMMENT, "");
  const digits = dump.replace(/0x|[\s,:]/gi, "");
  const wrong = /[^0-9a-f]/i.exec(digits)?.[0];
  if (wrong === undefined) return digits;
  throw new Error(`Expected hex digits, got ${JSON.stringify(wrong)}`);
}
