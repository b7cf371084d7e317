import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../../src/cli/root.ts'
import { readPrice } from '../../../src/config/reading/custom-price.ts'
import { isPriceName, looksLikePrice } from '../../../src/config/reading/price-fields.ts'
import { parseConfigJson } from '../../../src/config/stored-json.ts'

const FILES = ['litellm-bedrock.json', 'litellm-bedrock-1.109.1-additions.json'].map((name) =>
  join(ROOT, '../shared/prices', name),
)

/** Prices by policy or by search depth, which are mappings and have no counter on the wire of a model call. */
const MAPPINGS = ['guardrail_cost_per_unit', 'search_context_cost_per_query']

/** Every field that looks like a price, at any depth. */
function priceFields(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, entry]) =>
    looksLikePrice(name) ? [[name, entry] as [string, unknown]] : priceFields(entry),
  )
}

describe('every price that LiteLLM lists for Bedrock can be written as a custom price', () => {
  test.skipIf(!FILES.every((file) => existsSync(file)))('(needs ../shared/prices, skipped where it is absent)', () => {
    for (const file of FILES) {
      const parsed = parseConfigJson(readFileSync(file, 'utf8'))
      if (!parsed.ok) throw new Error('not JSON')
      const fields = priceFields(parsed.value).filter(([name]) => !MAPPINGS.includes(name))
      expect(fields.length).toBeGreaterThan(100)
      expect(fields.filter(([name]) => !isPriceName(name))).toEqual([])
      for (const [name, literal] of fields) {
        const result = readPrice(literal)
        expect(result, `${name} ${String(literal)}`).toMatchObject({ ok: true })
        if (result.ok) expect(Number(result.price)).toBe(Number(literal))
      }
    }
  })
})
