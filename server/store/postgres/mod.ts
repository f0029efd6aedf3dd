/**
 * The store in a database that speaks PostgreSQL's protocol.
 *
 * @module
 */

export { openPostgresStore } from "./postgres.ts";
export { storeName } from "./connection/store_url.ts";
