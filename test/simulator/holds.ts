/** Answers that wait until somebody releases them. */
import { type Matched, type MatchInput, matches } from './faults.ts'

export type Holds = ReturnType<typeof holds>

export function holds() {
  const waiting = new Set<{ subject: Matched; open: () => void }>()
  return {
    /** Resolves when released, rejects when `gone` aborts. */
    wait(subject: Matched, gone: AbortSignal): Promise<void> {
      return new Promise((resolve, reject) => {
        const leave = (finish: () => void) => {
          waiting.delete(entry)
          gone.removeEventListener('abort', onGone)
          finish()
        }
        const onGone = () => leave(() => reject(gone.reason))
        const entry = { subject, open: () => leave(resolve) }
        if (gone.aborted) return reject(gone.reason)
        gone.addEventListener('abort', onGone)
        waiting.add(entry)
      })
    },

    /** Releases what waits now; returns how many that were. */
    release(match: MatchInput = {}): number {
      const opened = [...waiting].filter(({ subject }) => matches(match, subject))
      for (const { open } of opened) open()
      return opened.length
    },
  }
}
