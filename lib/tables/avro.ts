/** Length of the mark that ends the header of an Avro file, and each of its blocks. */
const sync = 16;

/** The Avro file of the same schema that has no record: the header of another, which blocks of records would follow. */
export function emptyAvro(file: Buffer): Buffer {
  if (file.subarray(0, 4).toString('latin1') !== 'Obj\u0001') throw new Error('This is no Avro file');
  let at = 4;
  // Avro's integers: seven bits a byte, the lowest first, the sign in the lowest of all.
  const long = (): number => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = file.readUInt8(at++);
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  // Metadata: a map, in blocks of entries; of a negative count the length in bytes follows.
  for (let count = long(); count !== 0; count = long()) {
    if (count < 0) long();
    for (let entry = 0; entry < Math.abs(count); entry++) for (const _ of ['key', 'value']) at = long() + at;
  }
  return file.subarray(0, at + sync);
}
