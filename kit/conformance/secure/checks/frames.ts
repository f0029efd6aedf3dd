import {
  FIRST_SECURE_REQUEST,
  MAX_EARLY_PAYLOAD,
  RefusalReason,
  SECURE_VERSION,
} from "../../../../shared/secure/secure_protocol.ts";
import {
  secureRequestCode,
  secureRequestCodecs,
  secureRequestKinds,
} from "../../../../shared/secure/secure_requests.ts";
import { dialects } from "../../../../shared/wire/dialects.ts";
import { requestKinds } from "../../../../shared/wire/requests.ts";
import { requestCode } from "../../../../shared/wire/dialects.ts";
import { equals } from "@std/bytes";
import { must } from "../../server/check.ts";
import { describe, expectRefusal, expectResponse } from "../expect.ts";
import { fetchesOnly, sendingTo } from "../requests.ts";
import type { SecureChannel } from "../secure_channel.ts";
import { secureSubject } from "../secure_check.ts";

const { Form, TooLarge } = RefusalReason;
const NOTHING = new Uint8Array();
const hello = { least: 1, most: 1, features: 0 };
/** A code behind those of requests. */
const UNKNOWN = FIRST_SECURE_REQUEST + secureRequestKinds.length;

/** Sends a request without payload, and expects that its form is refused. */
async function codeRefused(channel: SecureChannel, code: number) {
  await channel.send(channel.raw(NOTHING, { code }));
  expectRefusal(await channel.response(), Form);
}

export const frameChecks = secureSubject("secure frames", {
  "secure-frame-in-two": [
    "HDR-4",
    "A hello that comes in two pieces is answered",
    async (probe) => {
      const channel = await probe.connect();
      await channel.sendCut(channel.frame("hello", hello), 17);
      expectResponse("hello", await channel.response());
    },
  ],
  "secure-frame-byte-by-byte": [
    "HDR-4",
    "A hello that comes byte by byte is answered",
    async (probe) => {
      const channel = await probe.connect();
      await channel.sendCut(channel.frame("hello", hello), 1);
      expectResponse("hello", await channel.response());
    },
  ],
  "secure-frames-in-one-write": [
    "HDR-4",
    "Five requests in one write have five responses in their order",
    async (probe) => {
      const { channel, account } = await probe.user();
      const ping = channel.frame("ping", {});
      const by = { account: account.record.account };
      const lookUp = channel.frame("lookUp", { by });
      await channel.send(
        ping,
        lookUp,
        ping,
        channel.frame("hello", hello),
        lookUp,
      );
      for (
        const kind of ["ping", "lookUp", "ping", "hello", "lookUp"] as const
      ) {
        expectResponse(kind, await channel.response());
      }
    },
  ],
  "secure-response-version": [
    "HDR-3",
    "Responses and refusals have version 3 in their headers",
    async (probe) => {
      const channel = await probe.connect();
      const responses = [
        await channel.ask("hello", hello),
        await channel.ask("ping", {}),
      ];
      for (const { version } of responses) {
        must(version === SECURE_VERSION, "version 3", `${version}`);
      }
    },
  ],
  "secure-request-version-any": [
    "HDR-4",
    "Requests with the versions 0, 2 and 255 in their headers are answered",
    async (probe) => {
      const channel = await probe.connect();
      for (const version of [0, 2, 255]) {
        expectResponse("hello", await channel.ask("hello", hello, { version }));
      }
    },
  ],
  "secure-unknown-codes": [
    "STA-2",
    "Unknown codes are refused with 1, before a log-in and after it",
    async (probe) => {
      const { channel } = await probe.user();
      for (const on of [await probe.connect(), channel]) {
        for (const code of [FIRST_SECURE_REQUEST - 1, UNKNOWN, 4000, 0xffff]) {
          await codeRefused(on, code);
        }
        expectResponse("hello", await on.ask("hello", hello));
      }
    },
  ],
  "secure-legacy-codes": [
    "STA-2",
    "The codes of legacy requests are refused with 1",
    async (probe) => {
      const channel = await probe.connect();
      for (const dialect of dialects.filter(({ codeSize }) => codeSize === 2)) {
        for (const kind of requestKinds) {
          await codeRefused(channel, requestCode(kind, dialect));
        }
      }
    },
  ],
  "secure-unknown-code-with-payload": [
    "STA-2",
    "The payload of an unknown code is read past",
    async (probe) => {
      const channel = await probe.connect();
      const payload = new Uint8Array(1000).fill(0x5a);
      await channel.send(channel.raw(payload, { code: UNKNOWN }));
      expectRefusal(await channel.response(), Form);
      expectResponse("hello", await channel.ask("hello", hello));
    },
  ],
  "secure-payload-too-short": [
    "FLD-2",
    "Payloads of a byte less than their layout has are refused with 1",
    async (probe) => {
      const { channel } = await probe.user();
      await eachFixed(async (kind, size) => {
        if (size > 0) await sizeRefused(channel, kind, size - 1);
      });
    },
  ],
  "secure-payload-too-long": [
    "FLD-2",
    "Payloads of a byte more than their layout has are refused with 1",
    async (probe) => {
      const { channel } = await probe.user();
      await eachFixed((kind, size) => sizeRefused(channel, kind, size + 1));
    },
  ],
  "secure-size-beyond-payload": [
    "FLD-2",
    "A field whose size goes beyond the payload is refused with 1",
    async (probe) => {
      const { channel, account } = await probe.user();
      const whole = secureRequestCodecs.send.encode(
        sendingTo(account, account),
      );
      const code = secureRequestCode("send");
      await channel.send(channel.raw(whole.subarray(0, -1), { code }));
      expectRefusal(await channel.response(), Form);
      await fetchesOnly(channel, []);
    },
  ],
  "secure-choice-out-of-range": [
    "FLD-2",
    "A look-up by neither name nor account is refused with 1",
    async (probe) => {
      const { channel } = await probe.user();
      const payload = new Uint8Array(17).fill(2);
      const code = secureRequestCode("lookUp");
      await channel.send(channel.raw(payload, { code }));
      expectRefusal(await channel.response(), Form);
    },
  ],
  "secure-u64-too-large": [
    "FLD-1",
    "A count of 2^53 is refused with 1, one of 2^53 - 1 isn't",
    async (probe) => {
      const { account } = await probe.freshLogin();
      const channel = await probe.greeted();
      const count = Number.MAX_SAFE_INTEGER;
      const right = await probe.authentication(channel, account, { count });
      channel.device = account.device.id;
      const frame = channel.frame("authenticate", right);
      const view = new DataView(frame.buffer, frame.byteOffset + 23);
      view.setBigUint64(0, 2n ** 53n, true);
      await channel.send(frame);
      expectRefusal(await channel.response(), Form);
      await channel.hello();
      await channel.expect(
        "authenticate",
        await probe.authentication(channel, account, { count }),
      );
    },
  ],
  "secure-too-large-early": [
    "STA-3",
    "Before a log-in a payload above 64 KiB is refused with 7 by its header, and the connection ends",
    async (probe) => {
      const channel = await probe.greeted();
      await tooLarge(channel, MAX_EARLY_PAYLOAD + 1);
    },
  ],
  "secure-largest-early": [
    "STA-3",
    "Before a log-in a payload of 64 KiB is read, and the connection goes on",
    async (probe) => {
      const channel = await probe.connect();
      const payload = new Uint8Array(MAX_EARLY_PAYLOAD);
      await channel.send(channel.raw(payload, { code: UNKNOWN }));
      expectRefusal(await channel.response(), Form);
      await channel.hello();
    },
  ],
  "secure-too-large": [
    "STA-3",
    "After a log-in a payload above the 4000's largest is refused with 7, and the connection ends",
    async (probe) => {
      const { channel } = await probe.user();
      const { largest } = await channel.hello();
      must(largest < 0xffffffff, "a limit", "none");
      await tooLarge(channel, largest + 1);
    },
  ],
  "secure-cut-off": [
    "STA-7",
    "A 3007 that the end of its connection cuts off delivers nothing",
    async (probe) => {
      const { channel, account } = await probe.user();
      const other = await probe.login(account);
      const sending = sendingTo(account, account);
      await other.send(other.frame("send", sending).subarray(0, -1));
      other.close();
      await channel.expect("ping", {});
      await fetchesOnly(channel, []);
      await channel.expect("send", sending);
    },
  ],
  "refusal-without-wait": [
    "REF-2",
    "A refusal that waiting doesn't help tells 0 seconds",
    async (probe) => {
      const channel = await probe.connect();
      const response = await channel.ask("ping", {});
      const { NotAuthenticated } = RefusalReason;
      const { retryAfter } = expectRefusal(response, NotAuthenticated);
      must(retryAfter === 0, "0 seconds", `${retryAfter}`);
    },
  ],
  "refusal-without-detail": [
    "REF-3",
    "A refusal for another reason than 5 has no detail",
    async (probe) => {
      const channel = await probe.connect();
      const response = await channel.ask("ping", {});
      const { detail } = expectRefusal(
        response,
        RefusalReason.NotAuthenticated,
      );
      must(equals(detail, NOTHING), "no detail", () => describe(response));
    },
  ],
});

/** Calls with the kinds of requests whose payloads have one size. */
async function eachFixed(
  work: (
    kind: typeof secureRequestKinds[number],
    size: number,
  ) => Promise<void>,
) {
  for (const kind of secureRequestKinds) {
    const { fixedSize } = secureRequestCodecs[kind];
    if (fixedSize !== undefined) await work(kind, fixedSize);
  }
}

async function sizeRefused(
  channel: SecureChannel,
  kind: typeof secureRequestKinds[number],
  size: number,
) {
  const code = secureRequestCode(kind);
  await channel.send(channel.raw(new Uint8Array(size), { code }));
  expectRefusal(await channel.response(), Form);
}

async function tooLarge(channel: SecureChannel, payloadSize: number) {
  const code = secureRequestCode("hello");
  await channel.send(channel.raw(NOTHING, { code, payloadSize }));
  expectRefusal(await channel.response(), TooLarge);
  await channel.ended();
}
