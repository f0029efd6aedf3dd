/**
 * What the store uses of `npm:pg`. Its own types bring those of Node along,
 * which take the place of the runtime's.
 *
 * @module
 */

/** A statement, and how its rows are read. */
export interface QueryConfig {
  /** What a connection keeps it prepared under, where it does. */
  name?: string;
  /** The SQL. */
  text: string;
  /** What `$1` and the others stand for. */
  values: readonly (Uint8Array | string)[];
  /** Rows come as arrays. */
  rowMode: "array";
  /** Milliseconds until an answer that doesn't come is a failure. */
  query_timeout: number;
  /** Which function reads a column of a type, by PostgreSQL's number of it. */
  types: { getTypeParser(type: number): (text: string) => unknown };
}

/** What the server tells beside a result. */
export interface Notice {
  /** SQLSTATE. */
  code: string;
  /** The server's function that tells it. */
  routine: string;
}

/** A connection. */
export interface Client {
  /** The number of the server's process, as the server or a pooler told it. */
  processID: number;
  /** Runs a statement; once it resolves the transaction has ended. */
  query<Row>(config: QueryConfig): Promise<{ rows: Row[] }>;
  /** Runs SQL without values; rows come as objects. */
  query(text: string): Promise<{ rows: Record<string, unknown>[] }>;
  /** The connection broke, or the server ended it. */
  on(event: "error", listener: () => void): void;
  /** The server told something. */
  on(event: "notice", listener: (notice: Notice) => void): void;
  /** Closes it: at once where a statement is under way, which fails. */
  end(): Promise<void>;
}

/** A connection that belongs to a pool. */
export interface PoolClient extends Client {
  /** Gives it back, or closes it. */
  release(close: boolean): void;
}

/** How a pool connects; times are in milliseconds. */
export interface PoolConfig {
  /** Where to. */
  host: string;
  port: number | undefined;
  user: string | undefined;
  password: () => string;
  database: string | undefined;
  ssl: object | false;
  options: string | undefined;
  /** Connections at most. */
  max: number;
  /** For a new connection, or one that is free. */
  connectionTimeoutMillis: number;
  /** Until an idle connection is closed. */
  idleTimeoutMillis: number;
  /** Whether the system looks after silent connections. */
  keepAlive: boolean;
  /** What the server shows of who is connected. */
  application_name: string;
  /** Is awaited for each new connection, where there is one. */
  onConnect?(client: Client): Promise<void>;
}

/** Connections. */
declare class Pool {
  constructor(config: PoolConfig);
  /** A connection. */
  connect(): Promise<PoolClient>;
  /** Closes all, once they are given back. */
  end(): Promise<void>;
  /** An idle connection broke. */
  on(event: "error", listener: () => void): void;
}

declare const pg: { Pool: typeof Pool };
export default pg;
export type { Pool };
