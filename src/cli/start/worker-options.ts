/** What `wrangler.toml` says of the Worker, in the words of Miniflare: the file stays the one place where it is said. */
import type { V4WorkerOptions } from 'miniflare'
import { unstable_getMiniflareWorkerOptions } from 'wrangler'
import { WRANGLER_TOML } from '../root.ts'

export type WorkerOptions = Pick<
  V4WorkerOptions,
  'compatibilityDate' | 'compatibilityFlags' | 'kvNamespaces' | 'd1Databases' | 'durableObjects'
>

export type WranglerConfig = {
  /** Path of the Worker's main module. */
  main: string
  options: WorkerOptions
}

/** Variables and secrets are left out: they come with each run, never from files that happen to lie in the folder. */
export function readWranglerConfig(): WranglerConfig {
  const { main, workerOptions } = unstable_getMiniflareWorkerOptions(WRANGLER_TOML)
  if (main === undefined) throw new Error(`${WRANGLER_TOML} names no main module`)
  const { compatibilityDate, compatibilityFlags, kvNamespaces, d1Databases, durableObjects } = workerOptions
  return {
    main,
    options: { compatibilityDate, compatibilityFlags, kvNamespaces, d1Databases, durableObjects } as WorkerOptions,
  }
}
