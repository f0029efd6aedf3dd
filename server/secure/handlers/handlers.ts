import type { SecureRequestKind } from "../../../shared/secure/secure_requests.ts";
import { authenticate } from "./authenticate.ts";
import { challenge } from "./challenge.ts";
import { claim } from "./claim.ts";
import { deleteAccount } from "./delete.ts";
import { fetch } from "./fetch.ts";
import type { SecureHandler } from "./handler.ts";
import { hello } from "./hello.ts";
import { lookUp } from "./look_up.ts";
import { outcome } from "./outcome.ts";
import { ping } from "./ping.ts";
import { publish } from "./publish.ts";
import { record } from "./record.ts";
import { register } from "./register.ts";
import { send } from "./send.ts";
import { sendLegacy } from "./send_legacy.ts";

/** The handler of each kind of request. */
export const secureHandlers: {
  readonly [K in SecureRequestKind]: SecureHandler<K>;
} = {
  hello,
  register,
  challenge,
  authenticate,
  lookUp,
  claim,
  publish,
  send,
  fetch,
  record,
  outcome,
  sendLegacy,
  delete: deleteAccount,
  ping,
};
