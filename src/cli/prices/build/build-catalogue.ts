/** The whole build: texts of the sources in, the catalogue's text and the faults out. No files and no clock here. */
import type { PriceSource } from '../../../ledger/prices/bundled.ts'
import type { PriceRow } from '../../../ledger/prices/price-row.ts'
import { differences, disagreementFaults, type KnownDisagreements } from './check.ts'
import { genaiPrices } from './genai.ts'
import { parseExactJson } from './listing.ts'
import { litellmListings } from './litellm.ts'
import { lmuxListings } from './lmux.ts'
import { mergeRows } from './merge.ts'

export type SourceTexts = {
  /** LiteLLM's price file. */
  litellm: string
  /** What a newer LiteLLM adds to it, if it comes as a file of its own. */
  litellmAdditions?: string | undefined
  genai: string
  lmux: string
}

export type BuildInput = {
  texts: SourceTexts
  sources: readonly PriceSource[]
  known: KnownDisagreements
  /** Day of the build, `YYYY-MM-DD`. */
  day: string
}

export type BuildResult = {
  rows: readonly PriceRow[]
  /** Why the catalogue must not be used; empty when it may. */
  faults: readonly string[]
}

export function buildCatalogue(input: BuildInput): BuildResult {
  const { litellm, litellmAdditions, genai, lmux } = input.texts
  const additions = litellmAdditions === undefined ? [] : [parseExactJson(litellmAdditions)]
  const listings = [...lmuxListings(parseExactJson(lmux)), ...litellmListings([parseExactJson(litellm), ...additions])]
  const prices = genaiPrices(parseExactJson(genai))
  const rows = mergeRows(listings, prices)
  const at = new Date(`${input.day}T00:00:00Z`)
  const found = differences(listings, prices, { version: input.day, rows }, at)
  return { rows, faults: [...disagreementFaults(found, input.known), ...doubledRows(rows)] }
}

/** Two rows for one key would make the price depend on their order. */
function doubledRows(rows: readonly PriceRow[]): string[] {
  const seen = new Set<string>()
  const faults: string[] = []
  for (const row of rows) {
    for (const scope of row.scopes) {
      for (const region of row.regions) {
        const key = [row.id, scope, region, row.tier, row.until ?? ''].join('|')
        if (seen.has(key)) faults.push(`two rows for ${key}`)
        seen.add(key)
      }
    }
  }
  return faults
}

/** One row per line, so that a change of a price is a change of a line. */
export function catalogueText(version: string, sources: readonly PriceSource[], rows: readonly PriceRow[]): string {
  const lines = rows.map((row) => JSON.stringify(row)).join(',\n')
  return `{"version":${JSON.stringify(version)},"sources":${JSON.stringify(sources)},"rows":[\n${lines}\n]}\n`
}
