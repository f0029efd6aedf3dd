/**
 * The checks of the client's doctor: relays, terminal and versions, and the folder
 * with its permissions, identity, store, relay addresses and free space.
 *
 * @module
 */

import { dirname } from "node:path";
import {
  bad,
  type Finding,
  type FindingStyle,
  ok,
  warning,
} from "../../../shared/cli/finding.ts";
import { formatBytes, formatThings } from "../../../shared/cli/figures.ts";
import { day } from "../../../shared/cli/time.ts";
import { VERSION } from "../../../shared/cli/program.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import {
  type Address,
  findFile,
  formatAddress,
  infoFiles,
} from "../../../shared/folder/info_files.ts";
import {
  type ClientId,
  PROTOCOL_VERSION,
  ZERO_ID,
} from "../../../shared/wire/protocol.ts";
import {
  ConnectionError,
  ServerRefusedError,
  UserError,
  VersionRefusedError,
} from "../../errors.ts";
import { Command } from "../../advice.ts";
import type { RelayLink } from "../../link/relay_link.ts";
import type { Io } from "./verb/output.ts";
import type { Work } from "./verb/verb.ts";
import { keyWarning } from "../../../shared/identity/private_key.ts";
import {
  freeSpace,
  statIfThere,
} from "../../../shared/folder/durable_files.ts";
import { findExposure } from "../../../shared/folder/exposure.ts";
import type { RelayAddresses } from "../../link/relay_addresses.ts";
import type { Session } from "../../session/session.ts";
import { settingNames } from "../../settings/settings.ts";
import { SettingsFile } from "../../settings/settings_file.ts";
import { lastExport } from "../../transfer/last_export.ts";
import { STORE_FOLDER } from "../../store/database.ts";
import { IDENTITY_KEY, isThere } from "../../store/folder.ts";
import { finishImport } from "../../transfer/finish_import.ts";
import { UnreadMessages } from "../../session/unread_messages.ts";

/** Minimum size of the terminal for the chat. */
const LEAST = { columns: 40, rows: 15 };

/** Style of the client's findings. */
export const STYLE: FindingStyle = {
  words: { ok: "ok", warning: "warning", error: "error", unknown: "unknown" },
  verdictWidth: 9,
  subjectWidth: 10,
};

/** Runs a check; a failure becomes a finding too. */
export async function found(check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    const hint = error instanceof UserError ? error.hint : undefined;
    return bad(reasonOf(error), hint ?? "See that the folder can be read");
  }
}

/**
 * Checks each relay. An unreachable relay is only a warning if another one is
 * reachable.
 */
export async function checkRelays(
  addresses: readonly Address[],
  linkTo: (address: Address) => Promise<RelayLink>,
  me: ClientId | undefined,
): Promise<Finding[]> {
  const gone = new Set<Finding>();
  const findings = await Promise.all(addresses.map(async (address) => {
    let isGone = false;
    const finding = await found(async () => {
      try {
        const { what, ...rest } = await checkRelay(await linkTo(address), me);
        const where = addresses.length === 1
          ? ""
          : `${formatAddress(address)}: `;
        return { what: where + what, ...rest };
      } catch (error) {
        isGone = error instanceof ConnectionError;
        throw error;
      }
    });
    if (isGone) gone.add(finding);
    return finding;
  }));
  if (gone.size === findings.length) return findings;
  return findings.map((finding) =>
    gone.has(finding) ? { ...finding, verdict: "warning" } : finding
  );
}

/** Checks that a relay is reachable, speaks the protocol and knows the user. */
async function checkRelay(
  link: RelayLink,
  me: ClientId | undefined,
): Promise<Finding> {
  const start = performance.now();
  try {
    const others = await link.clients(me ?? ZERO_ID);
    const ms = Math.round(performance.now() - start);
    return ok(
      `It responds in ${ms} ms and lists ${
        formatThings(others.length, "other user")
      }`,
    );
  } catch (error) {
    if (!(error instanceof ServerRefusedError)) throw error;
    const isVersion = error instanceof VersionRefusedError;
    // A relay refuses an unknown client, so this is one.
    if (!isVersion && me === undefined) {
      return ok("It responds, and doesn't know you yet");
    }
    return bad(
      `It responds, but refuses ${isVersion ? "our version" : "you"}`,
      error.hint ?? "",
    );
  }
}

/** Checks the terminal's size and colours. */
export function checkTerminal(io: Io): Finding {
  if (!io.stdout.isTerminal()) return ok("Not a terminal: no colours");
  const { columns, rows } = Deno.consoleSize();
  const what = [
    `${columns} columns`,
    `${rows} rows`,
    Deno.noColor ? "no colours (NO_COLOR)" : "colours",
    ...encoding(io),
  ].join(", ");
  if (io.env("TERM") === "dumb") {
    return warning(
      what,
      "chat needs a terminal that moves its cursor: TERM is dumb",
    );
  }
  if (columns >= LEAST.columns && rows >= LEAST.rows) return ok(what);
  return warning(
    what,
    `chat needs ${LEAST.columns} columns and ${LEAST.rows} rows`,
  );
}

/** Lists the versions. */
export function checkVersions(): Finding {
  return ok(
    `client ${VERSION}, protocol ${PROTOCOL_VERSION}, Deno ${Deno.version.deno}, ${Deno.build.target}`,
  );
}

/** The terminal's encoding, where the environment names one. */
function encoding({ env, platform: { encodingVariables } }: Io): string[] {
  if (encodingVariables.length === 0) return [];
  const value = encodingVariables.map(env).find(Boolean);
  if (value === undefined) return ["UTF-8 assumed"];
  return [/utf-?8/i.test(value) ? "UTF-8" : `${value}: not UTF-8`];
}

const REGISTER = new Command("register", "NAME");
const MIB = 1024 * 1024;
/** Senders listed by name. */
const MOST_NAMED = 5;
/** Free space in bytes below which the check fails. */
const LITTLE_ROOM = 64 * MIB;

/** Checks whether other users can access the folder and the key in it. */
export async function checkFolder(
  { dir, io, output }: Work,
): Promise<Finding> {
  if (statIfThere(dir) === undefined) {
    return warning(
      `${dir} isn't there yet`,
      `${output.spell(REGISTER)} makes it`,
    );
  }
  const keys = [
    await findFile(dir, infoFiles.me),
    await findFile(dir, [IDENTITY_KEY]),
  ].filter((path) => path !== undefined);
  // Others may list the folder, but not change it, nor read the keys.
  const masks = {
    [dir]: 0o022,
    ...Object.fromEntries(keys.map((path) => [path, 0o077])),
  };
  const exposure = findExposure(
    { folder: dir, masks, env: io.env },
    io.platform,
  );
  return exposure === undefined
    ? ok(`${dir} and your key are accessible to you alone`)
    : warning(exposure.what, exposure.advice);
}

/** Checks that the user is registered with a usable key. */
export async function checkIdentity(
  { output }: Work,
  session: Session,
): Promise<Finding> {
  const me = await session.identity();
  if (me === undefined) {
    return warning(
      "This folder has no registered user",
      `${output.spell(REGISTER)} registers you`,
    );
  }
  const problem = await keyWarning(me.privateKey);
  if (problem !== undefined) {
    return warning(
      `You are ${me.name}. ${problem}`,
      "If others can't send to you, register another name in another folder",
    );
  }
  return ok(`You are ${me.name}, and your key is usable`);
}

/** Checks that the store is intact. */
export async function checkStore(
  dir: string,
  session: Session,
): Promise<Finding> {
  if (await findFile(dir, [STORE_FOLDER]) === undefined) {
    return ok("There is no store yet");
  }
  const problems = session.store.database.check();
  if (
    problems.length === 0 && session.store.database.unwritable !== undefined
  ) {
    return bad(
      `${dir}/${STORE_FOLDER} is whole, but can only be read: ${session.store.database.unwritable}`,
      "Make room there, or see that it can be written",
    );
  }
  if (problems.length === 0) return ok(`${dir}/${STORE_FOLDER} is whole`);
  return bad(
    `${dir}/${STORE_FOLDER} is damaged: ${problems[0]}`,
    "Copy the folder, and put back a file that export made",
  );
}

/** Finishes an interrupted import. */
export async function checkImport(dir: string): Promise<Finding> {
  await finishImport(dir);
  return ok("The interrupted import is finished");
}

/** Checks for messages that wait for a key. */
export async function checkUnread(
  { dir, output }: Work,
  session: Session,
): Promise<Finding> {
  if (statIfThere(dir) === undefined) return ok("No message waits for a key");
  const { files, bytes, messages, senders } = await new UnreadMessages(dir)
    .summary();
  if (files === 0) return ok("No message waits for a key");
  const ids = new Set(senders.map((id) => id.toHex()));
  const names = session.contacts.conversations()
    .filter(({ contactId }) => ids.delete(contactId.toHex()))
    .map(({ name }) => name);
  const from = [...names, ...ids].slice(0, MOST_NAMED).join(", ");
  return warning(
    `${formatThings(messages, "message")}${from && ` from ${from}`}, ${
      formatBytes(bytes)
    } in ${
      formatThings(files, "file")
    } (info.unread.*), can't be decrypted without a key`,
    `${
      names[0] === undefined
        ? ""
        : `${output.spell(new Command("request-key", names[0]))} asks for it; `
    }messages without a key are deleted after 60 days`,
  );
}

/** Checks the age of the last archive. */
export async function checkArchive(
  { dir, output }: Work,
): Promise<Finding> {
  const { exported, isOld } = await lastExport(dir);
  const what = exported === undefined
    ? "This folder was never exported to an archive"
    : `The last archive was made on ${day(exported)}`;
  return isOld
    ? warning(
      what,
      `${
        output.spell(new Command("export", "FILE"))
      } makes one of your key and all messages`,
    )
    : ok(what);
}

/** Checks the settings file. */
export async function checkSettings(
  { dir, output }: Work,
): Promise<Finding> {
  const file = await SettingsFile.read(dir);
  const [unknown] = await file.warnings();
  if (unknown !== undefined) {
    return warning(
      unknown,
      `${output.spell(new Command("config"))} lists the settings`,
    );
  }
  file.values();
  const set = settingNames.filter((name) => file.has(name));
  return ok(
    set.length === 0
      ? "All settings have their defaults"
      : `${file.path} is valid and sets ${set.join(", ")}`,
  );
}

/** Checks the configured addresses of relays. */
export async function checkAddress(
  addresses: RelayAddresses,
  { dir, server }: { dir: string; server: readonly Address[] | undefined },
): Promise<Finding> {
  const where = (await addresses.find()).map(formatAddress).join(", ");
  if (server !== undefined) return ok(`${where}, from --server`);
  const missing = await addresses.missing();
  if (missing === undefined) return ok(`${where}, from ${infoFiles.server[0]}`);
  return warning(
    `No ${infoFiles.server[0]}: ${where} is tried`,
    `Write ADDRESS:PORT into ${dir}/${infoFiles.server[0]}`,
  );
}

/** Checks the free space of a folder that may be made yet; `what` names its purpose. */
export async function checkRoom(path: string, what: string): Promise<Finding> {
  const free = await freeSpace(nearestFolder(path));
  if (free === undefined) {
    return warning(
      `The free space for ${what} is unknown`,
      "Give the client --allow-sys=statfs",
    );
  }
  const text = `${formatBytes(free)} free for ${what}`;
  return free < LITTLE_ROOM ? bad(text, `Make room in ${path}`) : ok(text);
}

/** Checks the folder of received files. */
export async function checkFiles(
  work: Work,
  session: Session,
): Promise<Finding> {
  const folder = await work.filesFolder();
  if (folder === undefined) {
    const temporary = await temporaryFolder();
    return findKept(work, session, temporary) ??
      await checkRoom(temporary, "received files");
  }
  return statIfThere(folder) === undefined
    ? ok(`${folder} will be made for received files`)
    : await checkRoom(folder, "received files");
}

/** Looks for received files that the system will remove. */
function findKept(
  { dir, io, output }: Work,
  session: Session,
  temporary: string,
): Finding | undefined {
  if (!isThere(`${dir}/${STORE_FOLDER}`)) return undefined;
  const kept = session.messages.receivedPaths().filter((path) =>
    dirname(path) === temporary && isThere(path)
  );
  if (kept.length === 0) return undefined;
  return warning(
    `${
      formatThings(kept.length, "received file")
    } in ${temporary}, which ${io.platform.emptiesTemporary}`,
    `${output.spell(new Command("save", "ID", "PATH"))} copies one, ${
      output.spell(new Command("config", "files", "FOLDER"))
    } keeps all later ones`,
  );
}

/** The folder itself, or the first one above it that exists. */
function nearestFolder(path: string): string {
  const above = dirname(path);
  return above === path || statIfThere(path) !== undefined
    ? path
    : nearestFolder(above);
}

/** The temporary folder. */
async function temporaryFolder(): Promise<string> {
  const probe = await Deno.makeTempDir({ prefix: "messageu-" });
  await Deno.remove(probe);
  return dirname(probe);
}
