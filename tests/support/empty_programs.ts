/**
 * Programs that do nothing, in the formats of other systems: bases for binaries,
 * which the runtime takes apart and extends.
 */

/** An integer, little-endian, or a text, with its size in bytes. */
type Field = readonly [bytes: number, value: number | string];

/** The bytes of fields. */
function layout(...fields: Field[]) {
  const parts = fields.map(([size, value]) => {
    const part = new Uint8Array(size);
    if (typeof value === "string") new TextEncoder().encodeInto(value, part);
    // Sizes are beyond the 32 bits of shifts.
    else part.forEach((_, i) => part[i] = Math.floor(value / 256 ** i) % 256);
    return part;
  });
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** A file of this size that begins with these bytes. */
function file(size: number, head: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(head);
  return bytes;
}

/** A Windows program (PE32+) with one section, for x64. */
function windowsProgram(): Uint8Array {
  const [base, page, block] = [0x1_4000_0000, 0x1000, 0x200];
  const directories = 16;
  const header = layout(
    // The header of DOS, which ends with the place of the next one.
    ...[[60, "MZ"], [4, 64]] as const,
    ...[[4, "PE\0\0"], [2, 0x8664], [2, 1], [12, 0]] as const,
    ...[[2, 240], [2, 0x22]] as const,
    // The optional header: format, sizes, start, addresses, alignments,
    // versions, sizes in memory, console program, stack and heap.
    ...[[2, 0x20b], [2, 14], [4, block], [8, 0], [4, page], [4, page]] as const,
    ...[[8, base], [4, page], [4, block], [8, 6], [8, 6]] as const,
    ...[[4, 2 * page], [4, block], [4, 0], [2, 3], [2, 0]] as const,
    ...[[8, page], [8, page], [8, page], [8, page], [4, 0]] as const,
    ...[[4, directories], [8 * directories, 0]] as const,
    // The section.
    ...[[8, ".text"], [4, block], [4, page], [4, block], [4, block]] as const,
    ...[[12, 0], [4, 0x60000020]] as const,
  );
  return file(2 * block, header);
}

/** A macOS program (Mach-O) with the segments that each has, for x64. */
function macosProgram(): Uint8Array {
  const [base, page] = [0x1_0000_0000, 0x4000];
  const segment = (name: string, at: number, size: number, mode: number) =>
    [
      ...[[4, 0x19], [4, 72], [16, name], [8, base + at], [8, page]] as const,
      ...[[8, at], [8, size], [4, mode], [4, mode], [8, 0]] as const,
    ] as const;
  const header = layout(
    ...[[4, 0xfeedfacf], [4, 0x1000007], [4, 3], [4, 2]] as const,
    ...[[4, 2], [4, 2 * 72], [8, 0x200085]] as const,
    ...segment("__TEXT", 0, page, 5),
    ...segment("__LINKEDIT", page, 16, 1),
  );
  return file(page + 16, header);
}

/** The programs by the systems of a release. */
export const emptyPrograms: Readonly<Record<string, Uint8Array>> = {
  "windows-x64.exe": windowsProgram(),
  "macos-x64": macosProgram(),
};
