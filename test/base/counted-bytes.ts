/** Bytes that count how often they are read: by index, by the engine's own search, and by copying. */

export type CountedBytes = { bytes: Uint8Array; reads(): number }

export function countedBytes(text: string): CountedBytes {
  const source = new TextEncoder().encode(text)
  let reads = 0
  const bytes = new Proxy(source, {
    get(_target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) {
        reads++
        return source[Number(name)]
      }
      if (name === 'length' || name === 'byteLength') return source.length
      if (name === 'indexOf') {
        return (byte: number, from = 0) => {
          const at = source.indexOf(byte, from)
          reads += (at === -1 ? source.length : at + 1) - Math.min(from, source.length)
          return at
        }
      }
      if (name === 'subarray') {
        return (from: number, to: number) => {
          reads += to - from
          return source.subarray(from, to)
        }
      }
      throw new Error(`${String(name)} is not counted`)
    },
  })
  return { bytes, reads: () => reads }
}
