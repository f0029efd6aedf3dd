import { must } from "../../server/check.ts";
import { randomName, registration } from "../../server/frames.ts";
import { certificateProblem } from "../certificate.ts";
import { fetchesOnly, sendingTo } from "../requests.ts";
import type { SecureProbe } from "../secure_probe.ts";
import { type SecureCheck, secureSubject } from "../secure_check.ts";
import { clientHello, readHandshake } from "../tls_handshake.ts";

/** Number of connections that stall at once. */
const STALLED = 6;

/** What a server sends to these bytes in place of a handshake, until it ends. */
async function afterBytes(
  probe: SecureProbe,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array | undefined> {
  const conn = await probe.open();
  await probe.write(conn, bytes);
  return await probe.rest(conn);
}

/** First byte of a TLS record with an alert. */
const ALERT = 21;

export const channelChecks = secureSubject("channel", {
  "certificate-fields": [
    "CRT-1",
    "The one certificate has the fields of the table and nothing else, in DER, and is signed by the relay key",
    async (probe) => {
      const { certificates } = await readHandshake(await probe.open(), probe);
      const { length } = certificates;
      must(length === 1, "1 certificate", `${length}`);
      const [certificate = new Uint8Array()] = certificates;
      const wrong = await certificateProblem(certificate, probe.relayKey);
      must(wrong === undefined, "the certificate of its key", wrong ?? "");
    },
  ],
  "no-client-certificate": [
    "CHN-2",
    "The handshake asks for no certificate of the client",
    async (probe) => {
      const { messages } = await readHandshake(await probe.open(), probe);
      const CERTIFICATE_REQUEST = 13;
      const asks = messages.includes(CERTIFICATE_REQUEST);
      must(!asks, "no CertificateRequest", "one");
    },
  ],
  "no-old-tls": [
    "CHN-1",
    "A ClientHello of TLS 1.1 gets an alert or the end, and no ServerHello",
    async (probe) => {
      const sent = await afterBytes(probe, clientHello("1.1"));
      must(sent !== undefined, "the end of the connection", "none in time");
      const isRefused = sent.length === 0 || sent[0] === ALERT;
      must(isRefused, "an alert, or nothing", `a record of type ${sent[0]}`);
    },
  ],
  "no-plain-requests": [
    "CHN-1",
    "A legacy request without TLS gets no response, and the connection ends",
    async (probe) => {
      const frame = registration(randomName());
      const sent = await afterBytes(probe, Uint8Array.from(frame));
      must(sent !== undefined, "the end of the connection", "none in time");
      const isRefused = sent.length === 0 || sent[0] === ALERT;
      must(isRefused, "an alert, or nothing", `${sent.length} bytes`);
    },
  ],
  "others-served-beside-garbage": [
    "LIM-1",
    "Others are served while connections send what is no handshake",
    async (probe) => {
      for (let count = 0; count < 3; count++) {
        const conn = await probe.open();
        const garbage = crypto.getRandomValues(new Uint8Array(512));
        await probe.write(conn, garbage);
      }
      await (await probe.connect()).hello();
    },
  ],
  "others-served-beside-silent-handshakes": [
    "LIM-1",
    "Others are served while connections are silent, or stop within the handshake",
    async (probe) => {
      const start = clientHello("1.3").subarray(0, 50);
      for (let count = 0; count < STALLED; count++) {
        const conn = await probe.open();
        if (count % 2 === 0) await probe.write(conn, start);
      }
      await (await probe.connect()).hello();
    },
  ],
  "others-served-beside-stalled-request": [
    "LIM-1",
    "Others are served while a connection stops within a request",
    async (probe) => {
      const { account, channel } = await probe.user();
      const stalled = await probe.login(account);
      const frame = stalled.frame("send", sendingTo(account, account));
      await stalled.send(frame.subarray(0, 60));
      const sending = sendingTo(account, account);
      await channel.expect("send", sending);
      const [envelope] = sending.envelopes;
      await fetchesOnly(channel, [envelope?.content ?? frame]);
    },
  ],
});

/** Shows whether the server works after all other checks. */
export const [stillServesSecurely] = secureSubject("load", {
  "still-serves-securely": [
    "LIM-1",
    "After all other checks a fresh account is registered and gets a message",
    async (probe) => {
      await (await probe.connect()).hello();
      const { account, channel } = await probe.freshLogin();
      const sending = sendingTo(account, account);
      await channel.expect("send", sending);
      const contents = sending.envelopes.map(({ content }) => content);
      await fetchesOnly(channel, contents);
    },
  ],
}) as [SecureCheck];
