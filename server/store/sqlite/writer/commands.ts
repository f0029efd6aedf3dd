import { close } from "./commands/close.ts";
import { countMessages } from "./commands/count_messages.ts";
import { deleteMessages } from "./commands/delete_messages.ts";
import { deleteUser } from "./commands/delete_user.ts";
import { ping } from "./commands/ping.ts";
import { purge } from "./commands/purge.ts";
import { register } from "./commands/register.ts";
import { sendMessage } from "./commands/send_message.ts";
import { updateLastSeen } from "./commands/update_last_seen.ts";
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
  ping,
  close,
];
