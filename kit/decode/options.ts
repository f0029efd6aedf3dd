import { parsePort } from "../../shared/folder/info_myport.ts";
import { parseFlags } from "../../shared/cli/flags.ts";
import { DEFAULT_PORT } from "../../shared/wire/protocol.ts";
import { UsageError } from "../../shared/cli/usage_error.ts";
import type { Direction } from "../dissect/anatomy.ts";

export const HELP =
  `Decodes frames of MessageU from a file and says what is wrong with them.

Usage: deno task decode [flags] FILE

FILE holds frames one after another, as they are or in hex, or what tcpdump or
Wireshark captured (pcap, pcapng). - is standard input.

  --as FORM        raw, hex or pcap (default: what it looks like)
  --direction WAY  request or answer, for raw and hex (default: what each frame
                   looks like)
  --port N         of a capture, only connections of that port (default: all)
  --json           a frame a line, as JSON
  --help           print this
`;

/** In which form frames come. */
export type Form = "raw" | "hex" | "pcap";

/** What the command line says. */
export interface Options {
  /** The file, or `-`; undefined where help is asked for. */
  readonly file: string | undefined;
  readonly form: Form | undefined;
  readonly direction: Direction | undefined;
  /** Where a relay listens. */
  readonly port: number;
  /** Whether only connections of that port are told. */
  readonly onlyPort: boolean;
  readonly json: boolean;
}

/**
 * Reads the command line.
 *
 * @throws {UsageError} where it can't be obeyed
 */
export function readOptions(args: readonly string[]): Options {
  const { values, switches, words } = parseFlags(
    // A lone - is a word, not a flag.
    args.map((arg) => arg === "-" ? "./-" : arg),
    ["as", "direction", "port"],
    ["json", "help"],
    1,
  );
  const [word] = words;
  if (word === undefined && !switches.help) {
    throw new UsageError(
      "Expected a file, or - for standard input: see --help",
    );
  }
  return {
    file: switches.help ? undefined : word === "./-" ? "-" : word,
    form: oneOf("as", values.as, ["raw", "hex", "pcap"]),
    direction: oneOf("direction", values.direction, ["request", "answer"]),
    port: portIn(values.port) ?? DEFAULT_PORT,
    onlyPort: values.port !== undefined,
    json: switches.json,
  };
}

function oneOf<T extends string>(
  flag: string,
  value: string | undefined,
  known: readonly T[],
): T | undefined {
  if (value === undefined) return undefined;
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new UsageError(
    `--${flag}: expected ${
      known.join(", ").replace(/, (\w+)$/, " or $1")
    }, got "${value}"`,
  );
}

function portIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parsePort(text);
  } catch (cause) {
    throw new UsageError(`--port: ${(cause as Error).message}`, { cause });
  }
}
