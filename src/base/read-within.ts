/** One read of a stream that must make progress within a time. */

type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>

/** The next chunk, or `stalled` where nothing came for `ms`. Rejects as the stream does. Leaves no timer behind. */
export async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  ms: number,
): Promise<Read | 'stalled'> {
  const { promise: stalled, resolve } = Promise.withResolvers<'stalled'>()
  const timer = setTimeout(() => resolve('stalled'), ms)
  try {
    return await Promise.race([reader.read(), stalled])
  } finally {
    clearTimeout(timer)
  }
}
