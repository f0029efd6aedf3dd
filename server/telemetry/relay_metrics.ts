/**
 * The relay's metrics; docs/monitoring.md lists them for people.
 *
 * @module
 */

import type { Limits } from "../relay/limits/limits.ts";
import type { Relay } from "../relay/relay.ts";
import type { Store } from "../store/store.ts";
import type { Exposition, Labelled } from "./exposition.ts";
import { deadline, type Readiness } from "./readiness.ts";
import type { RequestCounters } from "./request_counters.ts";

/** Milliseconds in which the store must have counted. */
const COUNT_TIMEOUT = 2000;
const MILLISECONDS = 1000;

/** What the metrics tell of. */
export interface Measured {
  /** The relay. */
  relay: Relay;
  /** Its store. */
  store: Store;
  /** Its limits. */
  limits: Limits;
  /** Its requests. */
  requests: RequestCounters;
  /** Whether it can serve. */
  readiness: Readiness;
  /** How many failures were reported that weren't a client's. */
  failures: () => number;
  /** How many lines of the log were dropped. */
  droppedLines: () => number;
}

/** Adds all that is the relay's own. */
export function addRelayMetrics(shown: Exposition, measured: Measured): void {
  const { readiness, failures, droppedLines } = measured;
  shown.gauge(
    "messageu_ready",
    "1 where /readyz would answer 200, else 0",
    async () => await readiness.obstacle() === undefined ? 1 : 0,
  );
  addRequests(shown, measured);
  addConnections(shown, measured);
  addStore(shown, measured);
  addLimits(shown, measured);
  shown.counter(
    "messageu_failures_total",
    "Failures that aren't a client's; the log tells them",
    failures,
  );
  shown.counter(
    "messageu_log_lines_dropped_total",
    "Lines of the log that were dropped since they weren't read",
    droppedLines,
  );
}

function addRequests(
  shown: Exposition,
  { requests, relay }: Measured,
): void {
  shown.counters(
    "messageu_requests_total",
    "Requests by code and by how they ended",
    () =>
      requests.codes.flatMap((counters) => {
        const { code, request } = counters;
        return (["answered", "refused", "failed", "unknown"] as const)
          .map((outcome) => ({
            labels: { code, request, outcome },
            value: counters[outcome],
          }));
      }),
  );
  shown.histograms(
    "messageu_request_duration_seconds",
    "Time from a request's last byte to its answer, of those that were answered",
    MILLISECONDS,
    () =>
      requests.codes.map(({ code, request, milliseconds }) => ({
        labels: { code, request },
        histogram: milliseconds,
      })),
  );
  shown.counters(
    "messageu_refusals_total",
    "Requests and connections that were refused, by reason",
    () => byReason({ ...requests.refusals, ...relay.counters.refused }),
  );
}

function byReason(counts: Readonly<Record<string, number>>): Labelled[] {
  return Object.entries(counts)
    .map(([reason, value]) => ({ labels: { reason }, value }));
}

function addConnections(shown: Exposition, { relay }: Measured): void {
  shown.gauge(
    "messageu_connections",
    "Connections that are open",
    () => relay.connections,
  );
  shown.counter(
    "messageu_connections_accepted_total",
    "Connections that were accepted and served",
    () => relay.counters.accepted,
  );
  shown.counter(
    "messageu_connections_stuck_total",
    "Connections that were closed because the client didn't get further",
    () => relay.counters.stuck,
  );
  shown.counter(
    "messageu_connections_silent_total",
    "Silent connections that were closed to make room for others",
    () => relay.counters.silent,
  );
  shown.counter(
    "messageu_received_bytes_total",
    "Bytes from clients",
    () => relay.counters.received,
  );
  shown.counter(
    "messageu_sent_bytes_total",
    "Bytes to clients",
    () => relay.counters.sent,
  );
  shown.gauge(
    "messageu_inflight_bytes",
    "Memory for requests and answers under way",
    () => relay.counters.inflight,
  );
}

function addStore(shown: Exposition, { store }: Measured): void {
  shown.gauge(
    "messageu_waiting_messages",
    "Messages that wait for their recipients, in all inboxes; missing while they are counted",
    () =>
      deadline(store.countWaiting(), COUNT_TIMEOUT, "still counting")
        .catch(() => undefined),
  );
  const { writes, milliseconds } = store.commits;
  shown.histograms(
    "messageu_commit_writes",
    "Writes that shared a commit; a message, a deletion, a registration and a batch of last-seen updates are one each",
    1,
    () => [{ labels: {}, histogram: writes }],
  );
  shown.histograms(
    "messageu_commit_duration_seconds",
    "Time of a commit, from its first write to its being on the disk",
    MILLISECONDS,
    () => [{ labels: {}, histogram: milliseconds }],
  );
}

function addLimits(shown: Exposition, { limits }: Measured): void {
  shown.gauge(
    "messageu_max_connections",
    "--max-connections; 0 for no limit",
    () => limits.maxConnections,
  );
  shown.gauge(
    "messageu_max_inflight_bytes",
    "--max-inflight",
    () => limits.maxInflight,
  );
}
