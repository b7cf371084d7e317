/** Where a call may be answered. */
import type { Deployment } from '../config/types.ts'

/** A global inference profile is served in any commercial region, whatever endpoint is called. */
const GLOBAL_PROFILE = /^(?:arn:.*\/)?global\./

/** `prefixes` such as `eu-`: the region called must begin with one of them, and AWS must not be free to leave it. */
export function withinRegions({ model, region }: Deployment, prefixes: readonly string[]): boolean {
  return !GLOBAL_PROFILE.test(model) && prefixes.some((prefix) => region.startsWith(prefix))
}
