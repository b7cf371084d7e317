/** LiteLLM's price file (`model_prices_and_context_window.json`) → listings. USD per unit of the field's name. */
import { isObject } from '../../../base/json.ts'
import { parseModelId } from '../../../bedrock/model/model-id.ts'
import { parsePriceField } from '../../../config/reading/price-fields.ts'
import { priceId } from '../../../ledger/prices/price-row.ts'
import { plain } from './exact.ts'
import { emptyListing, type ImageGrade, type Listing } from './listing.ts'
import { MANTLE_TWINS, NOT_AWS_IDS } from './price-rules.ts'

const PROVIDERS: ReadonlySet<unknown> = new Set(['bedrock', 'bedrock_converse', 'bedrock_mantle'])

const REGION = /^[a-z]{2}(-gov)?-[a-z]+-\d$/
const GRADE = /^([\w-]+-x-[\w-]+)\/([\w-]+-steps)\/(?:bedrock\/)?(.+)$/
/** Billed by the hour (commitments), Anthropic's own platform, and a second spelling of the same entry. */
const NOT_HERE = /month-commitment|^bedrock\/claude_platform\/|^bedrock\/invoke\//

type Entry = Record<string, unknown>

/** @param files the price file, and files of additions (`{entries_added, price_fields_added}`) that are laid over it */
export function litellmListings(files: readonly unknown[]): Listing[] {
  const entries = new Map<string, Entry>()
  for (const file of files) {
    if (!isObject(file)) throw new Error('a LiteLLM price file is a JSON object')
    for (const part of [file.entries_added, file.price_fields_added].some(isObject)
      ? [file.entries_added, file.price_fields_added]
      : [file]) {
      for (const [key, entry] of Object.entries(isObject(part) ? part : {})) {
        if (isObject(entry)) entries.set(key, { ...entries.get(key), ...entry })
      }
    }
  }
  const listings: Listing[] = []
  const graded = new Map<string, ImageGrade[]>()
  for (const [key, entry] of entries) {
    if (!PROVIDERS.has(entry.litellm_provider) || NOT_HERE.test(key)) continue
    const grade = GRADE.exec(key)
    if (grade === null) listings.push(...entryListings(key, entry))
    else addGrade(graded, grade, entry)
  }
  for (const [id, grades] of graded) {
    if (listings.some((one) => one.id === id)) continue
    const place = { source: 'litellm', key: `…/${id}`, id, scope: 'region', geography: null, region: null } as const
    listings.push({ ...emptyListing(place), other: { imageGrades: grades.toSorted(byBounds) } })
  }
  return listings
}

/** The place that a key names; null for keys that are no model of bedrock-runtime. */
function placeOf(key: string): Pick<Listing, 'id' | 'scope' | 'geography' | 'region'> | null {
  const [provider, second = '', ...rest] = key.split('/')
  const prefixed = provider === 'bedrock' || provider === 'bedrock_mantle'
  const region = prefixed && REGION.test(second) ? second : null
  const name = prefixed ? [...(region === null ? [second] : []), ...rest].join('/') : key
  if (NOT_AWS_IDS.has(name) || (provider === 'bedrock_mantle' && MANTLE_TWINS.has(name))) return null
  const reference = parseModelId(name)
  if (!('id' in reference)) return null
  const gov = reference.scope === 'gov' || (region?.startsWith('us-gov-') ?? false)
  const geography = reference.kind === 'inference-profile' ? reference.geography : null
  return { id: priceId(reference.id), scope: gov ? 'gov' : reference.scope, geography, region }
}

function entryListings(key: string, entry: Entry): Listing[] {
  const place = placeOf(key)
  if (place === null) return []
  const byTier = new Map<string, Listing>()
  const listingOf = (tier: string): Listing => {
    const known = byTier.get(tier) ?? { ...emptyListing({ source: 'litellm', key, ...place }), tier }
    byTier.set(tier, known)
    return known
  }
  for (const [name, value] of Object.entries(entry)) {
    if (name === 'guardrail_cost_per_unit' && isObject(value)) {
      const units = Object.entries(value).map(([unit, usd]) => [unit, plain(String(usd))])
      listingOf('default').other.guardrailUnit = Object.fromEntries(units)
      continue
    }
    const field = parsePriceField(name)
    if (field === null) continue
    const usd = plain(String(value))
    if (field.kind === 'other') listingOf('default').other[field.meter] = usd
    else if (field.overTokens === null) listingOf(field.tier).meters[field.meter] = usd
    else addStep(listingOf(field.tier), field.overTokens, field.meter, usd)
  }
  return [...byTier.values()]
}

function addStep(listing: Listing, tokens: number, meter: keyof Listing['meters'], usd: string): void {
  const step = listing.over.find((one) => one.tokens === tokens)
  if (step === undefined) listing.over.push({ tokens, meters: { [meter]: usd } })
  else step.meters = { ...step.meters, [meter]: usd }
}

/** `512-x-512/50-steps/ID`, `max-x-max/max-steps/ID`: the bounds of one price of an image. */
function addGrade(
  graded: Map<string, ImageGrade[]>,
  [, size = '', steps = '', name = '']: RegExpExecArray,
  entry: Entry,
): void {
  const [width, height] = size.split('-x-').map(Number)
  const maxPixels = width && height ? width * height : undefined
  const maxSteps = Number.parseInt(steps, 10) || undefined
  const grade: ImageGrade = {
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    usd: plain(String(entry.output_cost_per_image)),
  }
  const id = priceId(name)
  graded.set(id, [...(graded.get(id) ?? []), grade])
}

/** Narrow bounds first, so that the first grade that fits is the cheapest that holds. */
const byBounds = (left: ImageGrade, right: ImageGrade): number =>
  (left.maxPixels ?? Number.MAX_SAFE_INTEGER) - (right.maxPixels ?? Number.MAX_SAFE_INTEGER) ||
  (left.maxSteps ?? Number.MAX_SAFE_INTEGER) - (right.maxSteps ?? Number.MAX_SAFE_INTEGER)
