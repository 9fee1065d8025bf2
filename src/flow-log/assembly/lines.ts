export function probe(at: usize): i32 {
  const bytes = v128.load(at);
  return i8x16.bitmask(i8x16.le_s(bytes, i8x16.splat(0x20)));
}
