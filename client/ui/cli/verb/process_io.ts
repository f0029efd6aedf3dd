/**
 * The environment of this process.
 *
 * @module
 */

import { dirname } from "node:path";
import { readVariable } from "../../../../shared/cli/environment.ts";
import { thisPlatform } from "../../../../shared/platform/platform.ts";
import { isHangupIgnored } from "../../../../shared/cli/stopping.ts";
import {
  writeErrorSync,
  writeOut,
  writeOutSync,
} from "../../../../shared/cli/program.ts";
import { ConsoleInput } from "./console_input.ts";
import type { Io, Keyboard } from "./output.ts";

/** Read at once, since verbs drop the permission. */
const isDumb = readVariable("TERM") === "dumb";

/** The console of the process, if it isn't a tty. */
const ownConsole = thisPlatform.ttyPath === undefined && Deno.stdin.isTerminal()
  ? new ConsoleInput(
    () => Deno.exit(130),
    async () => (await import("node:process")).default.stdin,
  )
  : undefined;

/** The first answer: a later one would be wrong. */
let hangupIgnored: Promise<boolean> | undefined;

/** The process. The default folder of a compiled client is the one with the program. */
export const processIo: Io = {
  platform: thisPlatform,
  get stdin() {
    return ownConsole?.readable ?? Deno.stdin.readable;
  },
  get keyboard() {
    return Deno.stdin.isTerminal() ? keyboard : undefined;
  },
  stdout: {
    isTerminal: () => Deno.stdout.isTerminal(),
    write: writeOut,
    writeSync: writeOutSync,
  },
  stderr: {
    isTerminal: () => Deno.stderr.isTerminal(),
    writeSync: writeErrorSync,
  },
  dir: Deno.build.standalone ? dirname(Deno.execPath()) : ".",
  env: readVariable,
  onSignal(signal, listener) {
    Deno.addSignalListener(signal, listener);
    const remove = signal === "SIGINT"
      ? ownConsole?.onInterrupt(listener)
      : undefined;
    return () => {
      remove?.();
      Deno.removeSignalListener(signal, listener);
    };
  },
  isHangupIgnored: () => hangupIgnored ??= isHangupIgnored(),
  exit: (code) => Deno.exit(code),
  revoke: (name) => void Deno.permissions.revokeSync({ name }),
};

const keyboard: Keyboard = {
  setRaw(isRaw) {
    if (ownConsole === undefined) {
      return Deno.stdin.setRaw(isRaw, { cbreak: isRaw });
    }
    Deno.stdin.setRaw(isRaw);
    ownConsole.isRaw = isRaw;
  },
  get columns() {
    return !isDumb && Deno.stdout.isTerminal()
      ? Deno.consoleSize().columns
      : undefined;
  },
};
