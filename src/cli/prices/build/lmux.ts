/** lmux' table of AWS's price list by source region → listings. USD per million tokens. */
import { isObject } from '../../../base/json.ts'
import { parseModelId } from '../../../bedrock/model/model-id.ts'
import { perToken } from './exact.ts'
import { emptyListing, type Listing, type Meters } from './listing.ts'
import { LMUX_NAMES } from './price-rules.ts'

const METERS = { input: 'input', output: 'output', cache_read: 'cacheRead', cache_write: 'cacheWrite' } as const

export function lmuxListings(file: unknown): Listing[] {
  if (!isObject(file) || !isObject(file.default) || !isObject(file.regions)) {
    throw new Error('the lmux table is a JSON object with `default` and `regions`')
  }
  const defaultRegion = String(file.default_region)
  const tables: [string, unknown][] = [[defaultRegion, file.default], ...Object.entries(file.regions)]
  return tables.flatMap(([region, table]) =>
    Object.entries(isObject(table) ? table : {}).flatMap(([key, steps]) =>
      idsOf(key).map((name) => lmuxListing(name, key, region, Array.isArray(steps) ? steps : [])),
    ),
  )
}

/** lmux leaves out the `:0` that AWS writes behind `-v1`, and spells a few ids as the sibling endpoint does. */
const idsOf = (key: string): string[] => [key, ...(LMUX_NAMES.get(key) ?? [])]

function lmuxListing(name: string, key: string, region: string, steps: readonly unknown[]): Listing {
  const reference = parseModelId(name)
  if (!('id' in reference)) throw new Error(`${key} is not a model id`)
  const gov = region.startsWith('us-gov-') && reference.scope !== 'global'
  const listing = emptyListing({
    source: 'lmux',
    key: `${region}/${key}`,
    id: reference.id,
    scope: gov ? 'gov' : reference.scope,
    geography: reference.kind === 'inference-profile' ? reference.geography : null,
    region,
  })
  for (const step of steps) {
    if (!isObject(step)) continue
    const tokens = Number(step.over_input_tokens ?? 0)
    if (tokens === 0) listing.meters = metersOf(step)
    else listing.over.push({ tokens, meters: metersOf(step) })
  }
  return listing
}

function metersOf(step: Record<string, unknown>): Meters {
  const meters: Meters = {}
  for (const [name, meter] of Object.entries(METERS)) {
    if (step[name] !== undefined) meters[meter] = perToken(String(step[name]))
  }
  const byTtl = step.cache_write_by_ttl
  if (isObject(byTtl) && byTtl['1h'] !== undefined) meters.cacheWrite1h = perToken(String(byTtl['1h']))
  return meters
}
