import process from "node:process";
import config from "../../deno.json" with { type: "json" };
import { inTime } from "../../shared/cli/time.ts";
import type { Limits } from "../relay/limits/limits.ts";
import type { Relay } from "../relay.ts";
import type { RelayCounters } from "../relay/relay_counters.ts";
import type { Store } from "../store/store.ts";
import type { EventLoopDelay } from "./event_loop_delay.ts";
import type { Metrics } from "./exposition.ts";
import type { RequestCounters } from "./request_counters.ts";

/** Milliseconds in which the store must have counted. */
const COUNT_TIMEOUT = 2000;
const MILLISECONDS = 1000;
const MICROSECONDS = 1_000_000;

/** What the metrics tell of. */
export interface Measured {
  relay: Relay;
  /** The relay's, as of the scrape. */
  counters: RelayCounters;
  store: Store;
  limits: Limits;
  requests: RequestCounters;
  /** Why it can't serve; undefined if it can. */
  obstacle: () => Promise<string | undefined>;
  /** The event loop's. */
  delay: EventLoopDelay;
  /** Number of reported failures that weren't a client's. */
  failures: () => number;
  /** Number of dropped lines of the log. */
  droppedLines: () => number;
}

/**
 * The metrics, in the order in which they are shown. The table in
 * docs/monitoring.md follows from them.
 */
export const metrics: Metrics<Measured> = {
  messageu_build_info: {
    type: "gauge",
    help: "What runs; its value is 1",
    labels: ["version", "deno"],
    read: () => [[[config.version, Deno.version.deno], 1]],
  },
  messageu_ready: {
    type: "gauge",
    help: "1 where /readyz would answer 200, else 0",
    read: async ({ obstacle }) => await obstacle() === undefined ? 1 : 0,
  },
  messageu_requests_total: {
    type: "counter",
    help: "Requests by code and by how they ended",
    labels: ["code", "request", "outcome"],
    read: ({ requests }) =>
      requests.codes.flatMap(({ code, request, ended }) =>
        Object.entries(ended)
          .map(([outcome, count]) => [[code, request, outcome], count])
      ),
  },
  messageu_request_duration_seconds: {
    type: "histogram",
    help:
      "Time from a request's last byte to its answer, of those that were answered",
    labels: ["code", "request"],
    unit: MILLISECONDS,
    read: ({ requests }) =>
      requests.codes.map(({ code, request, milliseconds }) => [
        [code, request],
        milliseconds,
      ]),
  },
  messageu_refusals_total: {
    type: "counter",
    help: "Requests and connections that were refused, by reason",
    labels: ["reason"],
    read: ({ requests, counters }) =>
      Object.entries({ ...requests.refusals, ...counters.refused })
        .map(([reason, count]) => [[reason], count]),
  },
  messageu_connections: {
    type: "gauge",
    help: "Connections that are open",
    read: ({ relay }) => relay.connections,
  },
  messageu_connections_accepted_total: {
    type: "counter",
    help: "Connections that were accepted and served",
    read: ({ counters }) => counters.accepted,
  },
  messageu_connections_stuck_total: {
    type: "counter",
    help: "Connections that were closed because the client didn't get further",
    read: ({ counters }) => counters.stuck,
  },
  messageu_connections_silent_total: {
    type: "counter",
    help: "Silent connections that were closed to make room for others",
    read: ({ counters }) => counters.silent,
  },
  messageu_received_bytes_total: {
    type: "counter",
    help: "Bytes from clients",
    read: ({ counters }) => counters.received,
  },
  messageu_sent_bytes_total: {
    type: "counter",
    help: "Bytes to clients",
    read: ({ counters }) => counters.sent,
  },
  messageu_inflight_bytes: {
    type: "gauge",
    help: "Memory for requests and answers under way",
    read: ({ counters }) => counters.inflight,
  },
  messageu_waiting_messages: {
    type: "gauge",
    help:
      "Messages that wait for their recipients, in all inboxes; missing while they are counted",
    read: ({ store }) => counted(() => store.countWaiting()),
  },
  messageu_secure_waiting_messages: {
    type: "gauge",
    help:
      "Messages that wait in the mailboxes of secure accounts; missing while they are counted",
    read: ({ store }) => counted(() => store.secure.countMail()),
  },
  messageu_secure_connections: {
    type: "gauge",
    help: "Connections of the secure port that are open, counted above too",
    read: ({ counters }) => counters.secure.connections,
  },
  messageu_secure_handshakes_total: {
    type: "counter",
    help: "Handshakes on the secure port by how they ended",
    labels: ["outcome"],
    read: ({ counters }) =>
      Object.entries(counters.secure.handshakes)
        .map(([outcome, count]) => [[outcome], count]),
  },
  messageu_secure_held_requests: {
    type: "gauge",
    help: "Fetches that wait for a message",
    read: ({ counters }) => counters.secure.held,
  },
  messageu_commit_writes: {
    type: "histogram",
    help:
      "Writes that shared a commit; a message, a deletion, a registration and a batch of last-seen updates are one each",
    read: ({ store }) => store.commits.writes,
  },
  messageu_commit_duration_seconds: {
    type: "histogram",
    help: "Time of a commit, from its first write to its being on the disk",
    unit: MILLISECONDS,
    read: ({ store }) => store.commits.milliseconds,
  },
  messageu_max_connections: {
    type: "gauge",
    help: "--max-connections; 0 for no limit",
    read: ({ limits }) => limits.maxConnections,
  },
  messageu_max_inflight_bytes: {
    type: "gauge",
    help: "--max-inflight",
    read: ({ limits }) => limits.maxInflight,
  },
  messageu_failures_total: {
    type: "counter",
    help: "Failures that aren't a client's; the log tells them",
    read: ({ failures }) => failures(),
  },
  messageu_log_lines_dropped_total: {
    type: "counter",
    help: "Lines of the log that were dropped since they weren't read",
    read: ({ droppedLines }) => droppedLines(),
  },
  messageu_event_loop_delay_seconds: {
    type: "histogram",
    help:
      "How late the event loop came to what was due, looked at ten times a second",
    unit: MILLISECONDS,
    read: ({ delay }) => delay.milliseconds,
  },
  // Those of the process have the names that all exporters use.
  process_resident_memory_bytes: {
    type: "gauge",
    help: "Memory of the process",
    read: () => Deno.memoryUsage().rss,
  },
  process_heap_bytes: {
    type: "gauge",
    help: "Memory of the event loop's JavaScript heap",
    read: () => Deno.memoryUsage().heapUsed,
  },
  process_cpu_seconds_total: {
    type: "counter",
    help: "Time on the processors, of all threads",
    read() {
      const { user, system } = process.cpuUsage();
      return (user + system) / MICROSECONDS;
    },
  },
  process_start_time_seconds: {
    type: "gauge",
    help: "When the process started, in seconds since 1970",
    read: () => performance.timeOrigin / MILLISECONDS,
  },
};

/** What the store counts; undefined if it can't in time. */
async function counted(
  count: () => Promise<number>,
): Promise<number | undefined> {
  try {
    return await inTime(count(), COUNT_TIMEOUT, undefined);
  } catch {
    return undefined;
  }
}
