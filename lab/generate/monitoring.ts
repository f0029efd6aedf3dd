/**
 * The tables of metrics and refusals in docs/monitoring.md.
 *
 * @module
 */

import {
  type ConnectionRefusal,
  connectionRefusals,
  type RequestRefusal,
  requestRefusals,
} from "../../server/relay/refusal.ts";
import { metrics as declared } from "../../server/telemetry/metrics.ts";
import { code, table } from "./markdown.ts";

/** The relay's metrics. */
export const metrics = (): string =>
  table([
    ["metric", "type", "labels", "what it tells"],
    ...Object.entries(declared).map(([name, { type, labels = [], help }]) => [
      code(name),
      type,
      code(...labels),
      `${help.replaceAll(/--[\w-]+/g, "`$&`")}.`,
    ]),
  ]);

/** What each refusal means, under the name by which it is counted. */
const refused: Readonly<Record<RequestRefusal | ConnectionRefusal, string>> = {
  unknown_code: "A code that means nothing.",
  wrong_size: "A size that the request can't have.",
  too_large: "A message over `--max-message`.",
  bad_format: "A payload that isn't what the protocol says.",
  unknown_client:
    "A request of a client that isn't registered, or of a device that no account has.",
  secured_client:
    "A legacy 603 or 604 from the id of an account of the secure protocol.",
  name_taken: "A registration under a name that is taken.",
  registration_limit: "A registration over `--registrations-per-minute`.",
  unknown_target: "A message to, or a key of, a client that isn't registered.",
  ids_used_up: "A message to an inbox that has had 4,294,967,295 of them.",
  inbox_full: "A message over `--max-waiting` or `--max-waiting-bytes`.",
  not_authenticated:
    "A secure request without a 3003 before it, or with a wrong signature.",
  taken: "A secure account, device or uid that is another's.",
  other_devices:
    "A secure message that isn't for exactly the account's devices.",
  too_many_devices: "An account record of more than 8 devices.",
  too_often: "A secure request over a limit of its rate.",
  older_version: "An account record that doesn't follow the newest one.",
  closed: "A secure request about an account that was deleted.",
  count_used: "A secure message with the count of another one.",
  connections:
    "A connection over `--max-connections`, where no silent one makes room.",
  connections_per_address: "A connection over `--max-connections-per-address`.",
  handshakes: "A secure connection over `--secure-handshakes`.",
};

/** The reasons of refusals. */
export const refusals = (): string =>
  table([
    ["`reason`", "what was refused"],
    ...[...requestRefusals, ...connectionRefusals].map((reason) => [
      code(reason),
      refused[reason],
    ]),
  ]);
