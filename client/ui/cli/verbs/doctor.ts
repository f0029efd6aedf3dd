import type { Address } from "../../../../shared/folder/info_files.ts";
import { dataKind } from "../verb/output.ts";
import { exitCodes } from "../verb/report.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { type Finding, formatFinding } from "../../../../shared/cli/finding.ts";
import {
  checkAddress,
  checkArchive,
  checkFiles,
  checkFolder,
  checkIdentity,
  checkImport,
  checkRelays,
  checkRoom,
  checkSettings,
  checkStore,
  checkTerminal,
  checkUnread,
  checkVersions,
  found,
  STYLE,
} from "../doctor_checks.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { Session } from "../../../session/session.ts";
import { isDecided, isSecureFolder } from "../../../store/folder.ts";

const checkData = dataKind("check", ["subject", "verdict", "what", "advice"], {
  notes: { verdict: "`ok`, `warning` or `error`" },
});

/** Checks the client's environment. */
export const verb: Verb = defineVerb({
  brief: "Check the folder, your key, the store, the relay, room and terminal",
  examples: [
    "messageu doctor",
    "messageu doctor --server relay.example:1357",
    "messageu --dir work doctor --json",
  ],
  prints: [checkData],
  readsEnvironment: true,
  async task(work, { server }) {
    const { dir } = work;
    const configured = await work.addresses();
    const link = await work.link();
    // work.session() would fail if an import can't be finished.
    using session = new Session(dir, link);
    let hasErrors = false;
    const tell = async (subject: string, finding: Finding) => {
      const { verdict, what, advice } = finding;
      hasErrors ||= verdict === "error";
      await work.output.data(
        checkData,
        { subject, verdict, what, advice: advice ?? null },
        printableLine(formatFinding(subject, finding, STYLE)),
      );
    };
    const check = async (subject: string, step: () => Promise<Finding>) =>
      await tell(subject, await found(step));
    if (isDecided(dir)) await check("import", () => checkImport(dir));
    await check("folder", () => checkFolder(work));
    await check("identity", () => checkIdentity(work, session));
    await check("store", () => checkStore(dir, session));
    await check("unread", () => checkUnread(work, session));
    await check("archive", () => checkArchive(work));
    await check("settings", () => checkSettings(work));
    const isSecure = isSecureFolder(dir);
    const located = Promise.all([configured.lines(), configured.keptLines()]);
    const [lines, kept] = await located.catch(() => [[], []]);
    if (lines.length > 0 || isSecure) {
      const { checkSecure } = await import("../secure_checks.ts");
      for (const [subject, step] of checkSecure(work, lines, kept)) {
        // In other folders the address check reports a damaged info.server.
        await check(subject, () => located.then(step));
      }
    }
    if (!isSecure) {
      await check("address", () => checkAddress(configured, { dir, server }));
      const me = await session.identity().catch(() => undefined);
      // The address check has reported the failure.
      const addresses = await configured.find().catch(() => []);
      const linkTo = (address: Address) => work.linkTo(address);
      for (const one of await checkRelays(addresses, linkTo, me?.clientId)) {
        await tell("relay", one);
      }
    }
    await check("room", () => checkRoom(dir, "the store"));
    await check("files", () => checkFiles(work, session));
    await tell("terminal", checkTerminal(work.io));
    await tell("versions", checkVersions());
    return hasErrors ? exitCodes.failure : exitCodes.done;
  },
});
