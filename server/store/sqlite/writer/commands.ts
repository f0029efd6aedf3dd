import { close } from "./commands/close.ts";
import { countMessages } from "./commands/count_messages.ts";
import { deleteMessages } from "./commands/delete_messages.ts";
import { deleteUser } from "./commands/delete_user.ts";
import { ping } from "./commands/ping.ts";
import { purge } from "./commands/purge.ts";
import { register } from "./commands/register.ts";
import { sendMessage } from "./commands/send_message.ts";
import { updateLastSeen } from "./commands/update_last_seen.ts";
import { acknowledge } from "./secure/commands/acknowledge.ts";
import { authenticate } from "./secure/commands/authenticate.ts";
import { claimPackages } from "./secure/commands/claim_packages.ts";
import { countMail } from "./secure/commands/count_mail.ts";
import { deleteAccount } from "./secure/commands/delete_account.ts";
import { expire } from "./secure/commands/expire.ts";
import { publishPackages } from "./secure/commands/publish_packages.ts";
import { registerAccount } from "./secure/commands/register_account.ts";
import { replaceRecord } from "./secure/commands/replace_record.ts";
import { sendEnvelopes } from "./secure/commands/send_envelopes.ts";
import { sendToLegacy } from "./secure/commands/send_to_legacy.ts";
import type { StoreCommand } from "./store_command.ts";

/** All commands. Their order counts only between the threads of one process. */
export const commands: readonly StoreCommand[] = [
  sendMessage,
  deleteMessages,
  updateLastSeen,
  register,
  deleteUser,
  purge,
  countMessages,
  sendEnvelopes,
  acknowledge,
  authenticate,
  claimPackages,
  publishPackages,
  registerAccount,
  replaceRecord,
  deleteAccount,
  sendToLegacy,
  expire,
  countMail,
  ping,
  close,
];
