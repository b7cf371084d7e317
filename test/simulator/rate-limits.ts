/** Requests per minute and model at one listener, as a bucket that refills evenly. */

const MINUTE_MS = 60_000

export type RateLimits = {
  /** Every model on its own. */
  rpm?: number
  /** One model by its id; wins over `rpm`. */
  rpmByModel?: Readonly<Record<string, number>>
}

export type RateLimiter = ReturnType<typeof rateLimiter>

export function rateLimiter(limits: RateLimits, now: () => number) {
  const byModel = new Map(Object.entries(limits.rpmByModel ?? {}))
  let rpm = limits.rpm ?? null
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    /** Whether a request may pass; takes one from the bucket if so. */
    admit(region: string, model: string): boolean {
      const capacity = byModel.get(model) ?? rpm
      if (capacity === null) return true
      const key = JSON.stringify([region, model])
      const bucket = buckets.get(key) ?? { left: capacity, atMs: now() }
      const refilled = bucket.left + ((now() - bucket.atMs) * capacity) / MINUTE_MS
      const left = Math.min(capacity, refilled)
      const admitted = left >= 1
      buckets.set(key, { left: admitted ? left - 1 : left, atMs: now() })
      return admitted
    },

    /** `null` lifts the limit; without a model it is the one that holds for every model. */
    set(model: string | null, perMinute: number | null): void {
      buckets.clear()
      if (model === null) rpm = perMinute
      else if (perMinute === null) byModel.delete(model)
      else byModel.set(model, perMinute)
    },
  }
}
