import { assertEquals } from "@std/assert";
import { ROOT } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";

/** What stands between the values of a field, and between fields. */
const VALUES = "\x1f";
const FIELDS = "\x1e";

/**
 * What Wireshark makes of a capture with our dissector: a row for each packet
 * that has MessageU in it, of each of these fields its values.
 */
export async function tshark(
  bytes: Uint8Array,
  fields: readonly string[],
  ...options: string[]
): Promise<string[][][]> {
  const text = await run(bytes, [
    ...options,
    "-T",
    "fields",
    "-E",
    `separator=${FIELDS}`,
    "-E",
    `aggregator=${VALUES}`,
    ...fields.flatMap((field) => ["-e", field]),
  ]);
  return text.split("\n").slice(0, -1).map((row) =>
    row.split(FIELDS).map((values) =>
      // That is how bytes are printed that are none.
      values.split(VALUES).filter((value) => !["", "<MISSING>"].includes(value))
    )
  );
}

/** What the list of packets says of each that has MessageU in it. */
export async function packetList(
  bytes: Uint8Array,
  ...options: string[]
): Promise<string[]> {
  const columns = 'gui.column.format:"Info","%i"';
  return (await run(bytes, ["-o", columns, ...options])).split("\n").slice(
    0,
    -1,
  )
    .map((line) => line.trim());
}

/**
 * What the list of packets says of each that has frames of the secure protocol in
 * it.
 */
export async function securePacketList(
  bytes: Uint8Array,
  ...options: string[]
): Promise<string[]> {
  const columns = 'gui.column.format:"Info","%i"';
  const text = await run(
    bytes,
    ["-o", columns, ...options],
    "messageu_secure",
  );
  return text.split("\n").slice(0, -1).map((line) => line.trim());
}

/** The clauses of the secure protocol that frames break, with the reasons. */
export const secureExperts = (
  bytes: Uint8Array,
  ...options: string[]
): Promise<string> =>
  run(
    bytes,
    ["-T", "fields", "-e", "_ws.expert.message", ...options],
    "messageu_secure",
  );

/** All that it says of the frames of the secure protocol. */
export const secureDetails = (
  bytes: Uint8Array,
  ...options: string[]
): Promise<string> => run(bytes, ["-V", ...options], "messageu_secure");

/** Runs it on a capture; what it prints. */
async function run(
  bytes: Uint8Array,
  options: readonly string[],
  dissector = "messageu",
): Promise<string> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/capture`;
  await Deno.writeFile(path, bytes);
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      'exec tshark "$@"',
      "sh",
      "-X",
      `lua_script:${ROOT}kit/dissector/${dissector}.lua`,
      "-r",
      path,
      // No names of hosts are looked up.
      "-n",
      "-Y",
      dissector,
      ...options,
    ],
    // Settings of whoever runs the tests don't count.
    env: { HOME: folder.path, XDG_CONFIG_HOME: folder.path },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assertEquals({ code, errors: luaErrors(text, stderr) }, {
    code: 0,
    errors: [],
  });
  return text;
}

/** It only prints what a dissector does wrong. */
function luaErrors(stdout: string, stderr: Uint8Array): string[] {
  return `${stdout}\n${new TextDecoder().decode(stderr)}`.split("\n")
    .filter((line) => /lua|error|malformed/i.test(line));
}
