import { isHangupIgnored } from "../../../../shared/cli/stopping.ts";
import {
  writeErrorSync,
  writeOut,
  writeOutSync,
} from "../../../../shared/cli/standard_output.ts";

/** One of the two streams that a verb writes to. */
export interface OutputStream {
  /** Whether it is a terminal. */
  isTerminal(): boolean;
  /** Writes all of the bytes; its thread waits for the reader. */
  writeSync(bytes: Uint8Array): void;
}

/** What surrounds a run of the client: the process, or a test's stand-in. */
export interface Io {
  /** Standard input. */
  readonly stdin: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Standard output. */
  readonly stdout: OutputStream & {
    /** Writes all of the bytes at the pace of the reader. */
    write(bytes: Uint8Array): Promise<void>;
  };
  /** Standard error. */
  readonly stderr: OutputStream;
  /** The folder where `--dir` names none. */
  readonly dir: string;
  /** A variable of the environment; undefined also where it may not be read. */
  env(name: string): string | undefined;
  /** Calls back for a signal, until the function that it returns is called. */
  onSignal(signal: Deno.Signal, listener: () => void): () => void;
  /** Whether SIGHUP was ignored at the start. */
  isHangupIgnored(): Promise<boolean>;
  /** Ends the program at once. */
  exit(code: number): void;
  /** Gives up a permission for good. */
  revoke(name: "env" | "net" | "run"): void;
}

/** The process; a compiled client works in the folder that it lies in. */
export const processIo: Io = {
  get stdin() {
    return Deno.stdin.readable;
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
  dir: Deno.build.standalone
    ? Deno.execPath().replace(/[/\\][^/\\]*$/, "") || "/"
    : ".",
  env(variable) {
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    return state === "granted" ? Deno.env.get(variable) : undefined;
  },
  onSignal(signal, listener) {
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  },
  isHangupIgnored,
  exit: (code) => Deno.exit(code),
  revoke: (name) => void Deno.permissions.revokeSync({ name }),
};
