/** The reader of secure.json in Python, which shares no code with ours. */

import { assertEquals } from "@std/assert";
import { ROOT } from "../../../lab/harness/program.ts";
import {
  PYTHON_WITH_CRYPTOGRAPHY_42,
  toolTest,
} from "../../support/test_with_tool.ts";
import { readVectors } from "../../support/wire/vectors.ts";

/**
 * Runs the reader in folder 1 on its file, and on its valid cases with one bit
 * turned, and prints how many cases agree, and those that agree though turned.
 */
const DRIVER = `import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
sys.dont_write_bytecode = True
import read_secure
read_secure.main(folder / "secure.json")
# Of an anchor only name and key count; of a name not what is behind its NUL.
LOOSE, missed = ("secure-anchor", "secure-request-look-up"), []
for case in json.loads((folder / "secure.json").read_text("utf-8"))["cases"]:
    if case["verdict"] != "valid" or case["name"] in LOOSE: continue
    raw = bytes.fromhex(case["bytes"])
    for at in range(0, len(raw), max(1, len(raw) // 10)):
        turned = bytearray(raw)
        turned[at] ^= 1 << at % 8
        try: verdict, said = read_secure.judge({**case, "bytes": turned.hex()})
        except (ValueError, KeyError): continue
        if verdict == "valid" and said == case["meaning"]: missed.append(f"{case['name']} {at}")
print(missed)`;

toolTest(
  PYTHON_WITH_CRYPTOGRAPHY_42,
  "the reader in Python agrees with each case, and with none that is turned",
  async () => {
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        'exec python3 -c "$1" "$2"',
        "sh",
        DRIVER,
        `${ROOT}kit/vectors`,
      ],
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    assertEquals(text(stderr), "");
    const { length } = await readVectors("secure");
    assertEquals(text(stdout), `${length} cases agree\n[]`);
    assertEquals(code, 0);
  },
);
