/**
 * Sound requests of checks.
 *
 * @module
 */

import { drawUid, type Seq } from "../../../shared/secure/secure_protocol.ts";
import type { SecureRequestPayloads } from "../../../shared/secure/secure_requests.ts";
import type { AccountRecord } from "../../../shared/secure/account_record.ts";
import { equals } from "@std/bytes";
import { must } from "../server/check.ts";
import { randomBytes } from "../server/frames.ts";
import type { Account } from "./account.ts";
import type { SecureChannel } from "./secure_channel.ts";

/** Size in bytes of the contents that a fetch asks for. */
const MOST = 256 * 1024;
/** Size in bytes of a content that is short. */
const CONTENT_SIZE = 48;

/** The payload of a 3008 that doesn't wait. */
export const fetching = (
  change: Partial<Record<keyof SecureRequestPayloads["fetch"], number>> = {},
): SecureRequestPayloads["fetch"] => ({
  wait: 0,
  most: MOST,
  ...change,
  acknowledged: (change.acknowledged ?? 0) as Seq,
});

/** The payload of a 3007 to all devices of an account, with a new uid and count. */
export function sendingTo(
  from: Account,
  { record }: { readonly record: AccountRecord },
  content: Uint8Array = randomBytes(CONTENT_SIZE),
): SecureRequestPayloads["send"] {
  return {
    uid: drawUid(),
    count: ++from.count,
    account: record.account,
    recordVersion: record.version,
    lifetime: 0,
    envelopes: record.devices.map(({ id }) => ({ device: id, content })),
  };
}

/**
 * Fetches what waits, and fails unless it is these contents in their order.
 *
 * @returns the messages
 */
export async function fetchesOnly(
  channel: SecureChannel,
  contents: readonly Uint8Array[],
  change?: Parameters<typeof fetching>[0],
) {
  const response = await channel.expect("fetch", fetching(change));
  const { messages } = response;
  const areThey = messages.length === contents.length &&
    messages.every(({ content }, index) =>
      equals(content, contents[index] ?? content.subarray(1))
    );
  must(
    areThey,
    `${contents.length} messages, the sent ones in their order`,
    () =>
      `${messages.length}, with ${
        messages.map(({ seq }) => `seq ${seq}`).join(", ")
      }`,
  );
  return response;
}
