/**
 * A PostgreSQL server of one's own, in a temporary folder on a free port of the
 * loopback, for tests and benches. It needs PostgreSQL's programs, such as
 * Debian's package `postgresql` brings, and runs them through `sh`.
 *
 * @module
 */

/** The path, and on it where Debian and others put the server's programs, the newest version. */
const FIND_PROGRAMS =
  `PATH="$(ls -d /usr/pgsql-*/bin /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1):$PATH"
  command -v initdb >/dev/null && printf %s "$PATH"`;

/** Runs a program that refuses to run as root, as PostgreSQL's does; its package brings a user for it. */
export const AS_ITS_USER =
  `if [ "$(id -u)" = 0 ]; then set -- setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; fi; exec "$@"`;

/** What the server says once it serves, the beginning: a standby says more. */
const READY = "database system is ready to accept";

/** Settings that a small server needs, and none that changes what it promises. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "128MB",
  lc_messages: "C",
  log_min_messages: "log",
};

/** The folder is the server's own. */
const OWN_FOLDER = `if [ "$(id -u)" = 0 ]; then chown postgres: "$PWD"; fi; `;

/** How a server is stopped: PostgreSQL's names, and the signals for them. */
const STOP_SIGNALS = { fast: "SIGINT", immediate: "SIGQUIT" } as const;

/** A server with its folder. */
export class PostgresCluster implements AsyncDisposable {
  readonly #path: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #settings: Readonly<Record<string, string>>;
  #server: Deno.ChildProcess | undefined;
  #databases = 0;
  #runs = 0;

  private constructor(
    path: string,
    folder: string,
    port: number,
    settings: Readonly<Record<string, string>>,
  ) {
    this.#path = path;
    this.#folder = folder;
    this.#port = port;
    this.#settings = { ...SETTINGS, ...settings };
  }

  /** The path on which PostgreSQL's programs are, or undefined where it isn't installed. */
  static async path(): Promise<string | undefined> {
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", FIND_PROGRAMS],
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout) || undefined;
  }

  /**
   * Makes a server and starts it.
   *
   * @throws {Error} where PostgreSQL isn't installed, or doesn't start
   */
  static async start(
    settings: Readonly<Record<string, string>> = {},
  ): Promise<PostgresCluster> {
    const path = await PostgresCluster.path();
    if (path === undefined) {
      throw new Error(
        "PostgreSQL isn't installed: on Debian, apt-get install postgresql",
      );
    }
    return await PostgresCluster.#startIn(
      path,
      settings,
      (cluster) =>
        cluster.#command(
          ["initdb", "-D", cluster.#data, "-U", "postgres", "-A", "trust"]
            .concat(
              ["--no-locale", "-E", "UTF8", "--no-sync"],
            ),
          { stdout: "null", stderr: "piped" },
          OWN_FOLDER,
        ),
    );
  }

  /**
   * Makes a standby of this server, which streams its log, and starts it.
   *
   * @param name what `synchronous_standby_names` calls it
   */
  async standby(
    name: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<PostgresCluster> {
    const primary =
      `host=127.0.0.1 port=${this.#port} user=postgres application_name=${name}`;
    return await PostgresCluster.#startIn(
      this.#path,
      { ...this.#settings, ...settings },
      (cluster) =>
        cluster.#command(
          ["pg_basebackup", "-D", cluster.#data, "-d", primary, "-R"].concat(
            ["-X", "stream", "-c", "fast", "--no-sync"],
          ),
          { stdout: "null", stderr: "piped" },
          OWN_FOLDER,
        ),
    );
  }

  static async #startIn(
    path: string,
    settings: Readonly<Record<string, string>>,
    make: (cluster: PostgresCluster) => Deno.Command,
  ): Promise<PostgresCluster> {
    const folder = await Deno.makeTempDir({ prefix: "messageu-postgres-" });
    const cluster = new PostgresCluster(path, folder, freePort(), settings);
    try {
      const { success, stderr } = await make(cluster).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
      await cluster.run();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The path on which PostgreSQL's programs are. */
  get path(): string {
    return this.#path;
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#port;
  }

  /** A database's URL. */
  url(database: string = "postgres"): string {
    return `postgres://postgres@127.0.0.1:${this.#port}/${database}`;
  }

  /** Makes a database, empty or the copy of an unused one, and returns its URL. */
  async database(template: string = this.url("template1")): Promise<string> {
    const name = `relay_${++this.#databases}`;
    const from = new URL(template).pathname.slice(1);
    await this.sql(`CREATE DATABASE ${name} TEMPLATE ${from}`);
    return this.url(name);
  }

  /**
   * Runs SQL and returns what it prints, the columns apart by `|`.
   *
   * @throws {Error} where the database refuses it
   */
  async sql(sql: string, url: string = this.url()): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", 'exec psql -XqAt -v ON_ERROR_STOP=1 -c "$0" "$1"', sql, url],
      env: { PATH: this.#path },
    }).output();
    const text = new TextDecoder();
    if (!success) throw new Error(text.decode(stderr));
    return text.decode(stdout).trimEnd();
  }

  /** Starts the server, again where it was stopped. */
  async run(): Promise<void> {
    const flags = Object.entries({ ...this.#settings, port: `${this.#port}` })
      .flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    // Into a file: a pipe would have no reader while it runs.
    const log = `${this.#folder}/log-${++this.#runs}`;
    const server = this.#command(
      ["postgres", "-D", this.#data, ...flags],
      { stderr: "null" },
      `exec 2>"${log}"; `,
    ).spawn();
    this.#server = server;
    let ended = false;
    server.status.then(() => ended = true);
    for (;;) {
      const text = await Deno.readTextFile(log).catch(() => "");
      if (text.includes(READY)) return;
      if (ended) throw new Error(`PostgreSQL didn't start: ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Changes settings of a running server, and has it take them up. */
  async set(settings: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) {
      await this.sql(`ALTER SYSTEM SET ${name} = '${value}'`);
    }
    await this.sql("SELECT pg_reload_conf()");
  }

  /** Makes a primary of a standby; resolves once it takes writes. */
  async promote(): Promise<void> {
    await this.sql("SELECT pg_promote()");
  }

  /** Stops the server: `immediate` is as if it had crashed. */
  async stop(how: keyof typeof STOP_SIGNALS): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    try {
      server?.kill(STOP_SIGNALS[how]);
    } catch {
      // It has ended already.
    }
    await server?.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("immediate");
    await Deno.remove(this.#folder, { recursive: true });
  }

  get #data(): string {
    return `${this.#folder}/data`;
  }

  #command(
    command: readonly string[],
    options: Deno.CommandOptions,
    before = "",
  ): Deno.Command {
    return new Deno.Command("sh", {
      ...options,
      args: ["-c", before + AS_ITS_USER, "sh", ...command],
      env: { PATH: this.#path },
      cwd: this.#folder,
    });
  }
}

/** A port of the loopback that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
