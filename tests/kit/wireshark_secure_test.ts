import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Program } from "../../lab/harness/program.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { startSecureRelay } from "../../lab/harness/secure/secure_relay.ts";
import { formatRelayLine } from "../../shared/secure/relay_line.ts";
import { capture, MadeConnection } from "../support/wire/capture.ts";
import { RecordingProxy } from "../support/wire/recording_proxy.ts";
import { secureAccounts, secureTalk } from "../support/wire/secure_frames.ts";
import { toolTest, TSHARK } from "../support/test_with_tool.ts";
import {
  secureDetails,
  secureExperts,
  securePacketList,
} from "../support/wire/tshark.ts";

const PORT = 1358;
const DECODED = ["-d", `tcp.port==${PORT},messageu_secure`];

toolTest(
  TSHARK,
  "wireshark: every secure frame, in any segments, field by field",
  async () => {
    const talk = await secureTalk(await secureAccounts());
    const made = new MadeConnection({ serverPort: PORT }).open();
    for (const { direction, frame } of talk) {
      made.send(direction, frame.subarray(0, 5), frame.subarray(5));
    }
    const bytes = capture(made.segments);
    const list = await securePacketList(bytes, ...DECODED);
    assertEquals(
      list,
      talk.map(({ direction, what }) => {
        const arrow = direction === "request" ? "→" : "←";
        // Our own dissection adds what a frame is about.
        const [title] = what.split(": ");
        return what.startsWith("4999")
          ? `${arrow} ${what}`
          : `${arrow} ${title}`;
      }),
    );
    const text = await secureDetails(bytes, ...DECODED);
    assertEquals(text.match(/Breaks|Unknown bytes/g), null);
    for (const field of ["Name: anna", "Identity: ", "Kem key: ", "Uid: "]) {
      assertStringIncludes(text, field);
    }
  },
);

toolTest(
  TSHARK,
  "wireshark: what breaks a clause of the secure protocol is marked",
  async () => {
    const [first] = await secureTalk(await secureAccounts());
    const frame = first?.frame ?? new Uint8Array();
    const made = new MadeConnection({ serverPort: PORT }).open();
    const version = frame.slice();
    version[16] = 2;
    const code = frame.slice();
    code[18] = 7;
    const size = frame.slice(0, -1);
    size[19] = 5;
    made.send("request", version, code, size);
    const text = await secureExperts(capture(made.segments), ...DECODED);
    for (const clause of ["HDR-2", "STA-2", "FLD-2"]) {
      assertMatch(text, new RegExp(`${clause}: `));
    }
  },
);

toolTest(
  TSHARK,
  "wireshark: a recording of a secure port opens with the key log of a client",
  async () => {
    await using secure = await startSecureRelay();
    await using folder = await temporaryFolder();
    const keys = `${folder.path}/keys.log`;
    await using proxy = await RecordingProxy.start(secure.line);
    const line = formatRelayLine({ ...secure.line, port: proxy.port });
    const { code } = await Program.deno(
      [
        "run",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "kit/conformance/main.ts",
        line,
        "--only",
        "ping-answered",
      ],
      undefined,
      { SSLKEYLOGFILE: keys },
    ).end();
    assertEquals(code, 0);
    const list = await securePacketList(
      capture(proxy.segments(PORT)),
      ...["-o", `tls.keylog_file:${keys}`],
    );
    for (const title of ["→ 3003 authenticate", "← 4013 ping"]) {
      assertEquals(list.includes(title), true, `${title} in ${list.join()}`);
    }
  },
);
