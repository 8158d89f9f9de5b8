/** Offsets of the fields of a 64-bit ELF file's header, and of one of its program headers. */
const header = { programs: 0x20, sections: 0x28, programSize: 0x36, programCount: 0x38, sectionFields: 0x3a } as const;
const program = { offset: 0x08, fileSize: 0x20 } as const;

/**
 * A shared library without what no loader reads: the symbols for debuggers that linkers put behind its segments, and the
 * table of sections that finds them. What `strip` does, for any processor on any machine.
 *
 * @throws Error where it is no 64-bit little-endian ELF file
 */
export function strippedLibrary(library: Uint8Array): Uint8Array {
  const view = new DataView(library.buffer, library.byteOffset, library.byteLength);
  // 0x7f E L F, 64 bits, little-endian.
  if (library.length < 64 || view.getUint32(0) !== 0x7f454c46 || view.getUint16(4) !== 0x0201)
    throw new Error('The library is not a 64-bit little-endian ELF file');
  const first = Number(view.getBigUint64(header.programs, true));
  const size = view.getUint16(header.programSize, true);
  let end = 0;
  for (let i = 0; i < view.getUint16(header.programCount, true); i++) {
    const at = first + i * size;
    const offset = Number(view.getBigUint64(at + program.offset, true));
    end = Math.max(end, offset + Number(view.getBigUint64(at + program.fileSize, true)));
  }
  const stripped = library.slice(0, end);
  stripped.fill(0, header.sections, header.sections + 8);
  // Size, number and index of names of the sections that are gone.
  stripped.fill(0, header.sectionFields, header.sectionFields + 6);
  return stripped;
}
