/** What this system does, and its errors; those of others as they report them. */

import { assert, assertEquals } from "@std/assert";
import { reasonOf } from "../../shared/cli/reason.ts";
import { makePrivateFolder } from "../../shared/folder/durable_files.ts";
import { platforms, thisPlatform } from "../../shared/platform/platform.ts";
import {
  hasCode,
  type SystemCode,
} from "../../shared/platform/system_error.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { FILES, LOOPBACK, PROGRAMS, testWith } from "../support/test_with.ts";

/** Bytes that no buffer of a pipe or a connection takes without a reader. */
const LARGE = new Uint8Array(1 << 24);
/** A name that no file system takes. */
const LONG_NAME = "x".repeat(300);
const isWindows = thisPlatform.name === "Windows";

async function thrownBy(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    assert(error instanceof Error);
    return error;
  }
  throw new Error("Expected an error of the system");
}

async function assertError(
  code: SystemCode,
  reason: string,
  work: () => unknown,
): Promise<void> {
  const error = await thrownBy(work);
  assert(hasCode(error, code), `${code}: ${Deno.inspect(error)}`);
  assertEquals(reasonOf(error), reason);
}

testWith(FILES, "errors of files have codes and reasons", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  const file = `${path}/file`;
  const full = `${path}/full/inner`;
  await Deno.writeTextFile(file, "content");
  await Deno.mkdir(full, { recursive: true });

  const none = "no such file or folder";
  await assertError("ENOENT", none, () => Deno.readFile(`${path}/none`));
  await assertError("ENOENT", none, () => Deno.statSync(`${path}/none`));
  await assertError("ENOENT", none, () => Deno.open(`${path}/none/file`));
  await assertError("ENOENT", none, () => Deno.remove(`${path}/none`));
  await assertError("ENOENT", none, () => Deno.link(`${path}/none`, full));
  const below = await thrownBy(() => Deno.stat(`${file}/below`));
  assert(hasCode(below, isWindows ? "ENOENT" : "ENOTDIR"));
  assertEquals(
    reasonOf(below),
    isWindows ? none : "a file is where a folder should be",
  );
  const create = { write: true, createNew: true };
  await assertError("EEXIST", "it exists", () => Deno.open(file, create));
  await assertError("EEXIST", "it exists", () => Deno.mkdir(full));
  await assertError("EEXIST", "it exists", () => Deno.link(file, full));
  await assertError("EISDIR", "it is a folder", () => Deno.readFile(full));
  await assertError(
    "ENOTEMPTY",
    "the folder isn't empty",
    () => Deno.remove(`${path}/full`),
  );
});

testWith(FILES, "a name that is too long is called so", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/${LONG_NAME}`;
  for (
    const work of [
      () => Deno.writeTextFile(path, ""),
      () => makePrivateFolder(path),
    ]
  ) {
    const error = await thrownBy(work);
    assert(
      // Windows has several errors for it.
      hasCode(error, "ENAMETOOLONG") || isWindows && hasCode(error, "ENOENT"),
      Deno.inspect(error),
    );
    assert(!/os error|xxx/.test(reasonOf(error)), reasonOf(error));
  }
});

testWith(FILES, "an unknown code leaves the system's words", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  using file = await Deno.open(`${folder.path}/file`);
  const reason = reasonOf(await thrownBy(() => file.write(LARGE)));
  assertEquals(
    reason,
    isWindows ? "permission denied" : "Bad file descriptor",
  );
});

/** Both ends of a connection. */
async function pair(): Promise<Disposable & Record<"near" | "far", Deno.Conn>> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const [near, far] = await Promise.all([
    Deno.connect({ hostname, port }),
    listener.accept(),
  ]);
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.close();
    },
  };
}

async function writeOn(conn: Deno.Conn): Promise<never> {
  for (;;) await conn.write(LARGE);
}

testWith(LOOPBACK, "errors of connections have codes", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  await assertError(
    "EADDRINUSE",
    "the address is in use",
    () => Deno.listen({ hostname, port }),
  );
  listener.close();
  await assertError(
    "ECONNREFUSED",
    "connection refused",
    () => Deno.connect({ hostname, port }),
  );
  {
    using ends = await pair();
    await ends.near.closeWrite();
    await assertError(
      "EPIPE",
      "the other side doesn't read any more",
      () => ends.near.write(new Uint8Array(0)),
    );
    ends.far.close();
  }
  {
    using ends = await pair();
    ends.far.close();
    const error = await thrownBy(() => writeOn(ends.near));
    assert(hasCode(error, "EPIPE", "ECONNRESET", "ECONNABORTED"), `${error}`);
    const again = await thrownBy(() => writeOn(ends.near));
    assert(hasCode(again, "EPIPE", "ECONNRESET", "ECONNABORTED"), `${again}`);
  }
});

testWith(
  PROGRAMS,
  "a write has a code whose reader goes while it waits",
  async () => {
    const child = new Deno.Command(Deno.execPath(), {
      // It reads a first chunk only, so that the write has begun.
      args: ["eval", "await Deno.stdin.read(new Uint8Array(1))"],
      stdin: "piped",
      stderr: "null",
    }).spawn();
    const input = child.stdin.getWriter();
    await assertError(
      "EPIPE",
      "the other side doesn't read any more",
      async () => {
        for (;;) await input.write(LARGE);
      },
    );
    assert((await child.status).success);
  },
);

testWith({}, "what other systems report reads the same", () => {
  const reported: readonly [string, SystemCode | undefined, string][] = [
    [
      "File not found. (os error 2): readfile 'C:\\a'",
      "ENOENT",
      "no such file or folder",
    ],
    [
      "Invalid name. (os error 123): writefile 'C:\\a:b?'",
      "ENOENT",
      "the system doesn't allow this name",
    ],
    [
      "Host not found. (os error 11001)",
      "ENOENT",
      "the name of the host isn't known",
    ],
    [
      "failed to lookup address information: Name or service not known",
      undefined,
      "the name of the host isn't known",
    ],
    [
      "getaddrinfo ENOTFOUND nowhere.invalid",
      "ENOTFOUND",
      "the name of the host isn't known",
    ],
    [
      "OS Error 10048 (FormatMessageW() returned error 317) (os error 10048)",
      "EADDRINUSE",
      "the address is in use",
    ],
    [
      "Access denied. (os error 5): rename 'C:\\a' -> 'C:\\b'",
      "EPERM",
      "permission denied",
    ],
    ["Sharing violation. (os error 32)", "EBUSY", "it is in use"],
    [
      "OS Error 10058 (FormatMessageW() returned error 317) (os error 10058)",
      "EPIPE",
      "the other side doesn't read any more",
    ],
    ["Disk full. (os error 112)", "ENOSPC", "the disk is full"],
    [
      "Zu viele Verknüpfungen. (os error 1142): link 'C:\\a' -> 'C:\\b'",
      undefined,
      "Zu viele Verknüpfungen",
    ],
    [
      "A sentence of ours: (os error)",
      undefined,
      "A sentence of ours: (os error)",
    ],
  ];
  for (const [message, code, reason] of reported) {
    const error = Object.assign(new Error(message), code && { code });
    assert(code === undefined || hasCode(error, code));
    assertEquals(reasonOf(error), reason);
  }
  // A write whose reader goes while it waits, on Windows.
  assert(hasCode(new Deno.errors.BrokenPipe("(os error 109)"), "EPIPE"));
});

testWith(FILES, "this platform's files behave as it says", async () => {
  await using folder = await temporaryFolder();
  const inner = `${folder.path}/inner`;
  await Deno.mkdir(inner);
  const path = `${inner}/file`;
  {
    using _open = await Deno.create(path);
    await Deno.chmod(path, 0o640);
    const { mode } = await Deno.stat(path);
    assertEquals(((mode ?? 0) & 0o777) === 0o640, thisPlatform.hasModes);
    const isRemoved = await Deno.remove(inner, { recursive: true })
      .then(() => true, () => false);
    assertEquals(isRemoved, thisPlatform.removesOpenFiles);
  }
  using opened = await Deno.open(folder.path);
  const isSynced = await opened.sync().then(() => true, () => false);
  assertEquals(isSynced, thisPlatform.syncsFolders);
});

testWith({}, "the runtime knows the signals that stop a program", () => {
  const ignore = () => {};
  for (const name of Object.keys(thisPlatform.stopCodes)) {
    Deno.addSignalListener(name as Deno.Signal, ignore);
    Deno.removeSignalListener(name as Deno.Signal, ignore);
  }
});

testWith(
  {
    ...PROGRAMS,
    env: true,
    run: [Deno.execPath(), thisPlatform.shell("").program],
  },
  "this platform's shell runs a line with quotes",
  async () => {
    const words = [
      "",
      "a b",
      "ä & | <x> ^ שלום 🎉",
      "it's",
      "C:\\a b\\x",
      "C:\\a b\\",
    ];
    const show = "console.log(JSON.stringify(Deno.args))";
    const line = [Deno.execPath(), "eval", show, ...words]
      .map(thisPlatform.quote).join(" ");
    const { program, options } = thisPlatform.shell(line);
    const { stdout, code } = await new Deno.Command(program, options).output();
    assertEquals(
      [code, JSON.parse(new TextDecoder().decode(stdout))],
      [0, words],
    );
  },
);

Deno.test("the shell of Windows gets the line with its quotes", () => {
  assertEquals(platforms.windows.shell('"C:\\a b\\x" "y"').options.args, [
    ...["/d", "/s", "/c", '""C:\\a b\\x" "y""'],
  ]);
  const { quote } = platforms.windows;
  assertEquals(quote('say "hi"'), '"say \\"hi\\""');
  assertEquals(quote("C:\\a b\\"), '"C:\\a b\\\\"');
  assertEquals(quote('a\\"b'), '"a\\\\\\"b"');
});
