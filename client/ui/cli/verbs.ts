/**
 * The verbs, each in a module that is loaded when it is used; written out so
 * that a bundle or a binary holds them all.
 *
 * @module
 */

import type { VerbName } from "./verb_names.ts";
import type { VerbLoader } from "./verb/verb.ts";

/** Loads each verb; the order is that of the help. */
export const verbs: Readonly<Record<VerbName, VerbLoader>> = {
  "register": () => import("./verbs/register.ts"),
  "whoami": () => import("./verbs/whoami.ts"),
  "list": () => import("./verbs/list.ts"),
  "send": () => import("./verbs/send.ts"),
  "send-file": () => import("./verbs/send_file.ts"),
  "resend": () => import("./verbs/resend.ts"),
  "pull": () => import("./verbs/pull.ts"),
  "listen": () => import("./verbs/listen.ts"),
  "history": () => import("./verbs/history.ts"),
  "search": () => import("./verbs/search.ts"),
  "explain": () => import("./verbs/explain.ts"),
  "chat": () => import("./verbs/chat.ts"),
  "key": () => import("./verbs/key.ts"),
  "request-key": () => import("./verbs/request_key.ts"),
  "send-key": () => import("./verbs/send_key.ts"),
  "fingerprint": () => import("./verbs/fingerprint.ts"),
  "accept": () => import("./verbs/accept.ts"),
  "export": () => import("./verbs/export.ts"),
  "import": () => import("./verbs/import.ts"),
  "import-identity": () => import("./verbs/import_identity.ts"),
  "doctor": () => import("./verbs/doctor.ts"),
  "completion": () => import("./verbs/completion.ts"),
  "menu": () => import("./verbs/menu.ts"),
};
