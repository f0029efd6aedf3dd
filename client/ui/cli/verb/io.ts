import { isHangupIgnored } from "../../../../shared/cli/stopping.ts";
import {
  writeErrorSync,
  writeOut,
  writeOutSync,
} from "../../../../shared/cli/standard_output.ts";

/** Standard output or standard error. */
export interface OutputStream {
  /** Whether it is a terminal. */
  isTerminal(): boolean;
  /** Writes all of the bytes; blocks until the reader takes them. */
  writeSync(bytes: Uint8Array): void;
}

/** The environment of a run of the client: the process, or a test double. */
export interface Io {
  readonly stdin: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly stdout: OutputStream & {
    /** Writes all of the bytes without blocking the thread. */
    write(bytes: Uint8Array): Promise<void>;
  };
  readonly stderr: OutputStream;
  /** The default of `--dir`. */
  readonly dir: string;
  /** An environment variable; undefined if it is unset or access is denied. */
  env(name: string): string | undefined;
  /** Listens for a signal; returns a function that removes the listener. */
  onSignal(signal: Deno.Signal, listener: () => void): () => void;
  /** Whether SIGHUP was ignored when the program started. */
  isHangupIgnored(): Promise<boolean>;
  /** Ends the program. */
  exit(code: number): void;
  /** Drops a permission. */
  revoke(name: "env" | "net" | "run"): void;
}

/** The process. The default folder of a compiled client is the one with the program. */
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
