/** A client in Python that knows docs/secure.md and none of our code. */

import { assertEquals } from "@std/assert";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { formatRelayLine } from "../../../shared/secure/relay_line.ts";
import {
  PYTHON_WITH_CRYPTOGRAPHY_42,
  toolTest,
} from "../../support/test_with_tool.ts";

toolTest(
  PYTHON_WITH_CRYPTOGRAPHY_42,
  "a client in Python registers, publishes, sends and fetches by docs/secure.md",
  async () => {
    await using server = await startSecureRelay();
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        'exec python3 "$1" "$2"',
        "sh",
        new URL("independent_client.py", import.meta.url).pathname,
        formatRelayLine(server.line),
      ],
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals(text(stderr), "");
    assertEquals(
      text(stdout),
      `first: sent [1, 2], 2 packages
second: sent [1, 2], 2 packages
1 of 2: first, from anna: True, flags 0
2 of 2: second, from anna: True, flags 0
another payload under the uid: 4
`,
    );
    assertEquals(code, 0);
  },
);
