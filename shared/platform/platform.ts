/**
 * What differs between operating systems. Code that depends on the system takes
 * a {@linkcode Platform}, so that tests run every branch on any system.
 *
 * @module
 */

/** An operating system, as far as our programs can tell it from another. */
export interface Platform {
  /** Its name in messages. */
  readonly name: "Linux" | "macOS" | "Windows";
  /** The signals that stop a program in good order, with the exit code of each. */
  readonly stopCodes: Readonly<Partial<Record<Deno.Signal, number>>>;
  /**
   * Whether one program can ask another to stop with a signal. Windows ends the
   * other at once; only a console asks, and asks all of its programs.
   */
  readonly signalsPrograms: boolean;
  /** Whether a shell can stop a program and continue it: SIGTSTP, SIGCONT. */
  readonly stopsJobs: boolean;
  /** Whether several programs can listen on one port and share its connections. */
  readonly sharesPorts: boolean;
  /** Whether a file's mode says who may use it. */
  readonly hasModes: boolean;
  /** Whether a file can be removed while it is open. */
  readonly removesOpenFiles: boolean;
  /** Whether a folder's entries can be synced to the disk. */
  readonly syncsFolders: boolean;
  /**
   * The path of the process's terminal if it is a tty: a file of UTF-8, in which
   * Ctrl-C sends a signal also while a program reads single keys.
   */
  readonly ttyPath?: string;
  /** The environment variables that name the encoding of texts, the decisive one first. */
  readonly encodingVariables: readonly string[];
  /** What empties the temporary folder, as a clause after "which". */
  readonly emptiesTemporary: string;
  /** Whether a backslash separates the folders of a path; the shell escapes with it otherwise. */
  readonly backslashSeparates: boolean;
  /** How the name of a script ends, which the user calls without it. */
  readonly scriptExtension: "" | ".cmd";
  /** The shell that users have; undefined where the variable SHELL names it. */
  readonly userShell?: "powershell";
  /** The environment variable with the user's home folder. */
  readonly homeVariable: string;
  /** The editor where the user names none. */
  readonly editor: string;
  /** The program that opens a file as the desktop does. */
  readonly opener: string;
  /** Quotes a word for the shell. */
  quote(word: string): string;
  /** What one of the system's shells reads also inside of quotes; undefined if none does. */
  readonly unquotable?: RegExp;
  /** How the shell runs a command line. */
  shell(line: string): ShellCommand;
  /** What kills a program that was started detached, and all that it started. */
  killTree(pid: number): ShellCommand;
}

/** A command of the system. */
export interface ShellCommand {
  /** The shell, or another program. */
  readonly program: string;
  /** The options of `Deno.Command`. */
  readonly options: Pick<
    Deno.CommandOptions,
    "args" | "windowsRawArguments"
  >;
}

/** What the systems other than Windows have in common. */
const unix = {
  stopCodes: { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 },
  signalsPrograms: true,
  stopsJobs: true,
  hasModes: true,
  removesOpenFiles: true,
  syncsFolders: true,
  ttyPath: "/dev/tty",
  encodingVariables: ["LC_ALL", "LC_CTYPE", "LANG"],
  backslashSeparates: false,
  scriptExtension: "",
  homeVariable: "HOME",
  editor: "vi",
  quote: (word: string) => `'${word.replaceAll("'", "'\\''")}'`,
  shell: (line: string): ShellCommand => ({
    program: "sh",
    options: { args: ["-c", line] },
  }),
  // A detached program leads a process group; "-s KILL" is the portable form.
  killTree: (pid: number): ShellCommand =>
    unix.shell(`kill -s KILL -- -${pid}`),
} as const;

/** The platforms, by the runtime's names; any other counts as Linux. */
export const platforms: Readonly<
  Record<"linux" | "darwin" | "windows", Platform>
> = {
  linux: {
    ...unix,
    name: "Linux",
    sharesPorts: true,
    emptiesTemporary: "a restart empties",
    opener: "xdg-open",
  },
  darwin: {
    ...unix,
    name: "macOS",
    // The option exists, but one program gets all connections.
    sharesPorts: false,
    emptiesTemporary:
      "macOS empties at a restart, and of files that were unread for three days",
    opener: "open",
  },
  windows: {
    name: "Windows",
    stopCodes: { SIGINT: 130, SIGBREAK: 149 },
    signalsPrograms: false,
    stopsJobs: false,
    sharesPorts: false,
    hasModes: false,
    removesOpenFiles: false,
    syncsFolders: false,
    // A console shows all of Unicode.
    encodingVariables: [],
    emptiesTemporary: "Windows may empty to make room",
    backslashSeparates: true,
    scriptExtension: ".cmd",
    userShell: "powershell",
    homeVariable: "USERPROFILE",
    editor: "notepad",
    // Unlike "start", it gets the path without the shell.
    opener: "explorer",
    // Programs read backslashes before a quote in pairs.
    quote: (word) =>
      `"${word.replaceAll(/\\*(?="|$)/g, "$&$&").replaceAll('"', '\\"')}"`,
    // A double quote ends the word, which programs alone read with a backslash.
    unquotable: /["\u201c-\u201e$`%!]/g,
    shell: (line) => ({
      program: "cmd",
      // With /s the shell removes the outer quotes and leaves the others.
      options: {
        args: ["/d", "/s", "/c", `"${line}"`],
        windowsRawArguments: true,
      },
    }),
    killTree: (pid) => ({
      program: "taskkill",
      options: { args: ["/t", "/f", "/pid", `${pid}`] },
    }),
  },
};

const { os } = Deno.build;

/** The platform of this process. */
export const thisPlatform: Platform = os === "windows" || os === "darwin"
  ? platforms[os]
  : platforms.linux;
