import type { SecureRequestKind } from "../../../shared/secure/secure_requests.ts";
import type { SecureHandler } from "./handler.ts";
import { hello } from "./hello.ts";
import { ping } from "./ping.ts";

/** The handler of each kind of request. */
export const secureHandlers: {
  readonly [K in SecureRequestKind]?: SecureHandler<K>;
} = {
  hello,
  ping,
};
