/**
 * The places that are generated: copies of what the code declares. A section of
 * a file stands between a line with `generated: NAME` and one with `end`.
 *
 * @module
 */

import { programHelp } from "../../client/ui/cli/help.ts";
import { HELP as ADMIN_HELP } from "../../server/admin/options.ts";
import { CLIENT_HELP } from "../../kit/conformance/client/options.ts";
import { HELP as CONFORMANCE_HELP } from "../../kit/conformance/options.ts";
import { HELP as SERVER_HELP } from "../../server/options.ts";
import { secureRequestKinds } from "../../shared/secure/secure_requests.ts";
import { requestKinds } from "../../shared/wire/requests.ts";
import { readPage } from "../harness/pages.ts";
import { vectorKinds, vectorText } from "../vectors/vector_files.ts";
import { chatKeys } from "./chat_keys.ts";
import {
  clientChecks,
  secureServerChecks,
  serverChecks,
  unseenClients,
  unseenSecureServers,
  unseenServers,
} from "./conformance.ts";
import { dissectorTables, secureDissectorTables } from "./dissector.ts";
import {
  codeGlossary,
  codesByDialect,
  codesByNumber,
  fieldGlossary,
  typeGlossary,
} from "./glossary.ts";
import { fenced, type Render, section } from "./markdown.ts";
import { metrics, refusals } from "./monitoring.ts";
import { tasks } from "./programs.ts";
import { codes, dialectCodes, fields } from "./protocol.ts";
import {
  helpModule,
  offlineVerbs,
  verbExamples,
  verbObjects,
} from "./scripting.ts";
import { refusalFields, secureCodes, secureFields } from "./secure.ts";
import { settingsTable } from "./settings.ts";
import { layouts, names, schema } from "./vectors.ts";

/** The files with generated places, by their paths. */
export const generated: Readonly<Record<string, readonly Render[]>> = {
  "client/ui/cli/help_text.ts": [helpModule],
  "docs/admin.md": [section("admin help", () => fenced(ADMIN_HELP))],
  "docs/chat.md": [section("keys", chatKeys)],
  "docs/conformance.md": [
    section("conformance help", () => fenced(CONFORMANCE_HELP)),
    section("client conformance help", () => fenced(CLIENT_HELP)),
    section("checks", serverChecks),
    section("secure checks", secureServerChecks),
    section("client checks", clientChecks),
    section("unseen of servers", unseenServers),
    section("unseen of secure servers", unseenSecureServers),
    section("unseen of clients", unseenClients),
  ],
  "docs/glossary.md": [
    section("code glossary", codeGlossary),
    section("codes by dialect", codesByDialect),
    section("codes by number", codesByNumber),
    section("type glossary", typeGlossary),
    section("field glossary", fieldGlossary),
  ],
  "docs/monitoring.md": [
    section("metrics", metrics),
    section("refusals", refusals),
  ],
  "docs/operating.md": [section("relay help", () => fenced(SERVER_HELP))],
  "docs/programs.md": [section("tasks", tasks)],
  "docs/protocol.md": [
    section("codes", codes),
    section("dialects", dialectCodes),
    ...requestKinds.map((kind) =>
      section(`${kind} fields`, () => fields(kind))
    ),
  ],
  "docs/scripting.md": [
    section("offline verbs", offlineVerbs),
    section("verbs", verbObjects),
    section(
      "client help",
      async () => fenced(await programHelp()),
    ),
    section("examples", verbExamples),
  ],
  "docs/secure.md": [
    section("refusal fields", refusalFields),
    section("secure codes", secureCodes),
    ...secureRequestKinds.map((kind) =>
      section(`${kind} fields`, () => secureFields(kind))
    ),
  ],
  "docs/settings.md": [section("settings", settingsTable)],
  "docs/vectors.md": [section("names", names), section("layouts", layouts)],
  "kit/dissector/messageu.lua": [section("tables", dissectorTables)],
  "kit/dissector/messageu_secure.lua": [
    section("secure tables", secureDissectorTables),
  ],
  "kit/vectors/schema.json": [schema],
  ...Object.fromEntries(
    vectorKinds.map((kind) => [
      `kit/vectors/${kind}.json`,
      [() => vectorText(kind)],
    ]),
  ),
};

/** The text that a file has to have, in place of the current one. */
export async function generate(
  file: string,
): Promise<{ current: string; wanted: string }> {
  const current = await readPage(file);
  let wanted = current;
  for (const render of generated[file] ?? []) wanted = await render(wanted);
  return { current, wanted };
}
