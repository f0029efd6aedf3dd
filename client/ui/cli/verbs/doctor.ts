import type { Address } from "../../../../shared/folder/info_server.ts";
import { dataKind } from "../verb/output.ts";
import { exitCodes } from "../verb/report.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { type Finding, formatFinding } from "../../../../shared/cli/finding.ts";
import * as folder from "../doctor/folder_checks.ts";
import {
  checkRelays,
  checkTerminal,
  checkVersions,
  found,
  STYLE,
} from "../doctor/client_checks.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { Session } from "../../../session/session.ts";
import { isDecided } from "../../../store/folder.ts";

const checkData = dataKind("check", ["subject", "verdict", "what", "advice"], {
  notes: { verdict: "`ok`, `warning` or `error`" },
});

/** Checks the client's environment. */
export const verb: Verb = defineVerb({
  brief: "Check the folder, your key, the store, the relay, room and terminal",
  prints: [checkData],
  readsEnvironment: true,
  async task(work, { server }) {
    const { dir } = work;
    const locate = await work.locator(() => {});
    const link = await work.link(() => {});
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
    if (isDecided(dir)) await check("import", () => folder.checkImport(dir));
    await check("folder", () => folder.checkFolder(dir));
    await check("identity", () => folder.checkIdentity(session));
    await check("store", () => folder.checkStore(dir, session));
    await check("unread", () => folder.checkUnread(dir, session));
    await check("address", () => folder.checkAddress({ dir, server }));
    const me = await session.identity().catch(() => undefined);
    // The address check has reported the failure.
    const addresses = await locate().catch(() => []);
    const linkTo = (address: Address) => work.linkTo(address);
    for (const one of await checkRelays(addresses, linkTo, me?.clientId)) {
      await tell("relay", one);
    }
    await check("room", () => folder.checkRoom(dir, "the store"));
    await check("files", async () =>
      await folder.checkRoom(
        await folder.temporaryFolder(),
        "received files",
      ));
    await tell("terminal", checkTerminal(work.io));
    await tell("versions", checkVersions());
    return hasErrors ? exitCodes.failure : exitCodes.done;
  },
});
