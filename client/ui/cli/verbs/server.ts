import { switchFlag } from "../../../../shared/cli/flags.ts";
import { UsageError } from "../../../../shared/cli/program.ts";
import { formatAddress } from "../../../../shared/folder/info_files.ts";
import {
  formatKey,
  formatRelayLine,
  isRelayLine,
  parseRelayLine,
  type RelayLine,
  type RelayPlace,
} from "../../../../shared/secure/relay_line.ts";
import { UserError } from "../../../errors.ts";
import { keysOfHost, withLine } from "../../../secure/relay_pins.ts";
import { dataKind, type Output } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

const relayData = dataKind("relay", ["address", "key"], {
  notes: { key: "base64url; null for a legacy port" },
});

/** Prints the relay's addresses and keys, and takes a new key. */
export const verb: Verb = defineVerb({
  brief: "Print the relay's addresses, or trust the key of its mu:// line",
  about:
    "Prints info.server. With the mu:// line that the relay's operator passes on it trusts the line's key, and writes the line into info.server, with --yes. A key that the host had before stays beside it, since a relay shows its old key for a while; --only removes it. No key ever comes from the relay itself.",
  examples: [
    "messageu server",
    "messageu server mu://relay.example:1358/iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w --yes",
  ],
  prints: [relayData],
  flags: {
    yes: switchFlag("Trust the line's key without a further question"),
    only: switchFlag("Trust no other key of the line's host"),
  },
  args: [{
    brief: "The line of the relay's secure port",
    placeholder: "LINE",
    parse: parseLine,
    optional: true,
  }],
  isOffline: true,
  async task(work, { yes = false, only = false }, line) {
    const { dir, output } = work;
    const { RelayAddresses } = await import(
      "../../../link/relay_addresses.ts"
    );
    const addresses = new RelayAddresses(dir, undefined);
    if (line === undefined) {
      if (yes || only) throw new UsageError("--yes and --only need a LINE");
      for (const place of await addresses.places()) await print(output, place);
      return;
    }
    const known = await addresses.keptLines();
    if (!yes) throw unconfirmed(known, line);
    await addresses.keepLines(withLine(known, line, only));
    output.say(`The key of ${formatAddress(line)} is trusted now`);
  },
});

function parseLine(text: string): RelayLine {
  return parseRelayLine(text.trim());
}

async function print(output: Output, place: RelayPlace): Promise<void> {
  const isLine = isRelayLine(place);
  await output.data(
    relayData,
    {
      address: formatAddress(place),
      key: isLine ? formatKey(place.key) : null,
    },
    isLine ? formatRelayLine(place) : formatAddress(place),
  );
}

function unconfirmed(known: readonly RelayLine[], line: RelayLine): UserError {
  const keys = keysOfHost(known, line).map(formatKey);
  const key = formatKey(line.key);
  const what = keys.includes(key)
    ? `${line.hostname} has this key already`
    : keys.length > 0
    ? `${line.hostname} HAS ANOTHER KEY SO FAR: ${keys.join(" and ")}`
    : `no key is known for ${line.hostname}`;
  return new UserError(
    `Nothing is changed yet: ${what}. The line's key is ${key}`,
    "Compare it with what the relay's operator tells you in another way; the same with --yes trusts it",
  );
}
