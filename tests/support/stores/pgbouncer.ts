/** A PgBouncer that hands a server's connections on, a transaction at a time. */

import {
  AS_ITS_USER,
  freePort,
  type PostgresCluster,
} from "../../../lab/harness/postgres_cluster.ts";
import { until } from "../../../lab/harness/until.ts";

/** Debian keeps it where only root's path leads. */
const PATH = `PATH="$PATH:/usr/sbin"; `;

/** Whether it is installed. */
export async function hasPgBouncer(): Promise<boolean> {
  const { state } = await Deno.permissions.query({
    name: "run",
    command: "sh",
  });
  if (state !== "granted") return false;
  return (await new Deno.Command("sh", {
    args: ["-c", `${PATH}command -v pgbouncer >/dev/null`],
  }).output()).success;
}

/** Starts one in a folder, and returns its port once it listens. */
export async function startPgBouncer(
  cluster: PostgresCluster,
  folder: string,
): Promise<{ port: number } & AsyncDisposable> {
  const port = freePort();
  await Deno.writeTextFile(`${folder}/users`, '"postgres" ""\n');
  await Deno.writeTextFile(
    `${folder}/pgbouncer.ini`,
    `[databases]
* = host=127.0.0.1 port=${cluster.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${folder}/users
admin_users = postgres
pool_mode = transaction
default_pool_size = 3
`,
  );
  await Deno.chmod(folder, 0o755);
  const process = new Deno.Command("sh", {
    args: [
      "-c",
      PATH + AS_ITS_USER,
      "sh",
      "pgbouncer",
      `${folder}/pgbouncer.ini`,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("PgBouncer", async () => {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      return false;
    }
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
    },
  };
}
