import {
  CHANNEL_VERSION,
  Registration,
} from "../../../shared/secure/secure_protocol.ts";
import { Greeting } from "../greeting.ts";
import { refuse, respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** 3000: tells the relay's key and a new nonce (HEL-1 to HEL-4). */
export const hello: SecureHandler<"hello"> = (
  { least, most },
  { session, relayKey, retention, limits, now },
) => {
  if (least > CHANNEL_VERSION || most < CHANNEL_VERSION) {
    return refuse("bad_format");
  }
  const greeting = session.greeting = new Greeting(relayKey);
  return respond("hello", {
    version: CHANNEL_VERSION,
    features: 0,
    relayKey,
    nonce: greeting.nonce,
    time: now.getTime(),
    largest: limits.maxMessage,
    retention: Math.floor(retention / 1000),
    registration: Registration.Open,
  });
};
