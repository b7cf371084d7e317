/** When a run has to end: Ctrl-C, SIGTERM, a closed terminal, or the end of the process that started this one. */

export type Stopped = Promise<void> & { isAsked: () => boolean }

/** From the first call on these signals no longer end the process by themselves. */
export function untilStopped(): Stopped {
  let asked = false
  const stopped = new Promise<void>((resolve) => {
    const stop = () => {
      asked = true
      resolve()
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
    // bootstrap.mjs holds the other end of this channel; it closes also when that process is killed.
    process.on('disconnect', stop)
    process.channel?.unref()
    // A reader that has gone, as in `npm start | head`, is no reason to fall over.
    process.stdout.on('error', stop)
  })
  return Object.assign(stopped, { isAsked: () => asked })
}
