import { equals } from "@std/bytes";
import {
  CHANNEL_VERSION,
  RefusalReason,
  Registration,
} from "../../../../shared/secure/secure_protocol.ts";
import {
  secureRequestCode,
  secureRequestCodecs,
  secureRequestKinds,
  secureRequests,
} from "../../../../shared/secure/secure_requests.ts";
import { must } from "../../server/check.ts";
import { expectRefusal, expectResponse } from "../expect.ts";
import type { SecureChannel } from "../secure_channel.ts";
import { type SecureCheck, secureSubject } from "../secure_check.ts";

const { Form, NotAuthenticated } = RefusalReason;
/** Milliseconds by which the clocks may differ: a year. */
const MOST_OFF = 365 * 24 * 60 * 60 * 1000;

/** Expects that all requests but these are refused with 2. */
async function othersRefused(
  channel: SecureChannel,
  isServed: (kind: typeof secureRequestKinds[number]) => boolean,
) {
  for (const kind of secureRequestKinds) {
    if (isServed(kind)) continue;
    const { fixedSize = 0 } = secureRequestCodecs[kind];
    const code = secureRequestCode(kind);
    await channel.send(channel.raw(new Uint8Array(fixedSize), { code }));
    // Of a request without a sound payload the form may be refused first.
    const reasons = secureRequestCodecs[kind].fixedSize === undefined
      ? [NotAuthenticated, Form]
      : [NotAuthenticated];
    expectRefusal(await channel.response(), ...reasons);
  }
}

/** Shows whether the server serves at all. */
export const [greets] = secureSubject("secure hello", {
  "secure-hello": [
    "CHN-1",
    "After a handshake with the line's key a 3000 is answered with 4000",
    async (probe) => {
      await (await probe.connect()).hello();
    },
  ],
}) as [SecureCheck];

export const helloChecks = secureSubject("secure hello", {
  "hello-relay-key": [
    "CRT-1",
    "A 4000 tells the relay key that the certificate has",
    async (probe) => {
      const { relayKey } = await (await probe.connect()).hello();
      must(
        equals(relayKey, probe.relayKey),
        "the line's key",
        relayKey.toHex(),
      );
    },
  ],
  "hello-fields": [
    "HEL-4",
    "A 4000 tells the time, a largest payload of 64 KiB at least, and a retention",
    async (probe) => {
      const channel = await probe.connect();
      const { time, largest, retention, registration } = await channel.hello();
      const off = Math.abs(time - Date.now());
      must(off < MOST_OFF, "a time of this year", `${time}`);
      must(largest >= 64 * 1024, "64 KiB at least", `${largest}`);
      must(retention > 0, "a retention", "0 seconds");
      const known: readonly number[] = Object.values(Registration);
      must(known.includes(registration), "0, 1 or 2", `${registration}`);
    },
  ],
  "hello-version-chosen": [
    "HEL-1",
    "A 3000 of the versions 0 to 255 is answered with version 1",
    async (probe) => {
      const channel = await probe.connect();
      const response = await channel.expect("hello", {
        ...{ least: 0, most: 255, features: 0 },
      });
      const { version } = response;
      must(version === CHANNEL_VERSION, "version 1", `${version}`);
    },
  ],
  "hello-no-common-version": [
    "HEL-1",
    "A 3000 of the versions 200 to 255 is refused with 1, and so is one of 0 alone",
    async (probe) => {
      const channel = await probe.connect();
      for (const [least, most] of [[200, 255], [0, 0]] as const) {
        await channel.refused("hello", { least, most, features: 0 }, Form);
      }
      await channel.hello();
    },
  ],
  "hello-unknown-features": [
    "HEL-2",
    "Features that aren't defined are ignored, and not answered",
    async (probe) => {
      const channel = await probe.connect();
      const { features } = await channel.expect("hello", {
        ...{ least: 1, most: 1, features: 0xffffffff },
      });
      must(features === 0, "no features", features.toString(16));
    },
  ],
  "hello-nonces-differ": [
    "HEL-3",
    "Each 4000 has another nonce, on one connection and on several",
    async (probe) => {
      const nonces = new Set<string>();
      for (let connection = 0; connection < 2; connection++) {
        const channel = await probe.connect();
        for (let count = 0; count < 3; count++) {
          nonces.add((await channel.hello()).nonce.toHex());
        }
      }
      must(nonces.size === 6, "6 nonces", `${nonces.size}`);
    },
  ],
  "nothing-before-hello": [
    "STA-1",
    "Before a 3000 all other requests are refused with 2",
    async (probe) => {
      const channel = await probe.connect();
      await othersRefused(channel, (kind) => kind === "hello");
      await channel.hello();
    },
  ],
  "little-before-login": [
    "STA-1",
    "Between 4000 and 4003 each request that needs a log-in is refused with 2",
    async (probe) => {
      const channel = await probe.greeted();
      await othersRefused(
        channel,
        (kind) => !secureRequests[kind].authenticated,
      );
      expectResponse(
        "hello",
        await channel.ask("hello", { least: 1, most: 1, features: 0 }),
      );
    },
  ],
  "ping-answered": [
    "PNG-1",
    "A 3013 after a log-in is answered with 4013",
    async (probe) => {
      const { channel } = await probe.user();
      await channel.expect("ping", {});
    },
  ],
});
