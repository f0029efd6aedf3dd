import { UsageError } from "../../../../shared/cli/program.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import {
  isSettingName,
  readValue,
  type Setting,
  type SettingName,
  settingNames,
  settings,
} from "../../../settings/settings.ts";
import { noSetting, SettingsFile } from "../../../settings/settings_file.ts";
import { dataKind, type Output } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Gives a setting its default. */
const DEFAULT = "default";

const settingData = dataKind("setting", ["name", "value", "source", "brief"], {
  notes: { source: "`file` or `default`" },
});

/** Prints and changes settings. */
export const verb: Verb = defineVerb({
  brief: "Print the settings of this folder, or change one",
  about:
    `Without a name it prints all settings: name, value, where the value is from, and what it does. With a name it prints its value, with a value it changes it in info.settings and keeps the comments there; "${DEFAULT}" removes it.

${
      settingNames.map((name) => `  ${name}: ${settings[name].expected}`)
        .join("\n")
    }`,
  examples: [
    "messageu config",
    "messageu config notify",
    "messageu config notify off",
  ],
  prints: [settingData],
  args: [{
    brief: "The setting",
    placeholder: "NAME",
    parse: String,
    optional: true,
    proposeCompletions: () => settingNames,
  }, {
    brief: `Its value, or ${DEFAULT}`,
    placeholder: "VALUE",
    parse: String,
    optional: true,
  }],
  isOffline: true,
  async task(work, _, name, value) {
    const { dir, output } = work;
    const file = await SettingsFile.read(dir);
    if (name === undefined) {
      for (const warning of await file.warnings()) output.say(warning);
      return await printAll(output, file);
    }
    if (!isSettingName(name)) {
      throw new UsageError(await noSetting(name));
    }
    if (value === undefined) {
      return await print(output, file, name, shown(file, name));
    }
    if (value === DEFAULT) await file.remove(name);
    else await file.change(name, valueFrom(name, value));
    const folder = name === "files" ? await work.filesFolder() : undefined;
    const now = folder === undefined
      ? shown(await SettingsFile.read(dir), name)
      : printableLine(folder);
    output.say(`${name} is ${now} now`);
  },
});

/** The value for the file. @throws {UsageError} if it isn't one of those expected */
function valueFrom(name: SettingName, text: string): unknown {
  const { fromText = String }: Setting<unknown> = settings[name];
  const value = fromText(text);
  try {
    readValue(name, value);
    return value;
  } catch (error) {
    throw new UsageError(reasonOf(error));
  }
}

async function printAll(output: Output, file: SettingsFile): Promise<void> {
  file.values();
  const width = (texts: readonly string[]) =>
    Math.max(...texts.map((text) => text.length)) + 2;
  const names = width(settingNames);
  const values = width(settingNames.map((name) => shown(file, name)));
  for (const name of settingNames) {
    const text = name.padEnd(names) + shown(file, name).padEnd(values) +
      source(file, name).padEnd(9) + settings[name].brief;
    await print(output, file, name, text);
  }
}

async function print(
  output: Output,
  file: SettingsFile,
  name: SettingName,
  text: string,
): Promise<void> {
  const { brief } = settings[name];
  const value = file.valueOf(name);
  await output.data(
    settingData,
    { name, value, source: source(file, name), brief },
    text,
  );
}

function shown(file: SettingsFile, name: SettingName): string {
  const value = file.valueOf(name);
  return printableLine(
    typeof value === "string" ? value : JSON.stringify(value),
  );
}

function source(file: SettingsFile, name: SettingName): string {
  return file.has(name) ? "file" : "default";
}
