import { describe, expect, it } from 'vitest'
import { KNOWN_PRICE_FIELDS, parsePriceField, UNUSED_PRICE_FIELDS } from '../../../src/config/reading/price-fields.ts'
import { parseOverride } from '../../../src/ledger/prices/row-schema.ts'

const good = { id: 'a.b', scopes: ['geo', 'region'], regions: ['*'], meters: { input: '0.000001' } }

describe('parseOverride', () => {
  it('fills in the default tier and where the row is from', () => {
    expect(parseOverride({ version: 'v', rows: [good] })).toEqual({
      ok: true,
      catalogue: { version: 'v', rows: [{ ...good, tier: 'default', source: 'override', how: 'listed' }] },
    })
  })

  it('sorts long-context steps, because the formula searches them in rising order', () => {
    const over = [
      { tokens: 200, meters: { input: '3' } },
      { tokens: 100, meters: { input: '2' } },
    ]
    const result = parseOverride({ version: 'v', rows: [{ ...good, over }] })
    expect(result.ok && result.catalogue.rows[0]?.over?.map((step) => step.tokens)).toEqual([100, 200])
  })

  it.each([
    [{ meters: { input: 0.000001 } }, 'rows.0.meters.input'],
    [{ meters: { input: '-1' } }, 'rows.0.meters.input'],
    [{ meters: { input: '0.0000000000001' } }, 'rows.0.meters.input'],
    [{ meters: { inputs: '1' } }, 'rows.0.meters.inputs'],
    [{ id: 'a.b:0' }, 'rows.0.id'],
    [{ scopes: ['local'] }, 'rows.0.scopes.0'],
    [{ regions: [] }, 'rows.0.regions'],
    [{ from: 'today' }, 'rows.0.from'],
    [{ over: [{ tokens: 0, meters: {} }] }, 'rows.0.over.0.tokens'],
    [{ other: { guardrailUnit: { topicPolicyUnits: 'x' } } }, 'rows.0.other.guardrailUnit.topicPolicyUnits'],
    [{ surprise: 1 }, 'rows.0.surprise'],
  ])('refuses %j and says where', (fault, path) => {
    const result = parseOverride({ version: 'v', rows: [{ ...good, ...fault }] })
    expect(result.ok).toBe(false)
    if (!result.ok) expect(result.issues.map((issue) => issue.path)).toContain(path)
  })

  it.each([null, 'x', [], {}, { version: '', rows: [] }, { rows: [] }])('refuses %j', (value) => {
    expect(parseOverride(value).ok).toBe(false)
  })
})

describe('price fields', () => {
  it('are read by their parts', () => {
    expect(parsePriceField('input_cost_per_token')).toEqual({
      kind: 'token',
      meter: 'input',
      overTokens: null,
      tier: 'default',
    })
    expect(parsePriceField('cache_creation_input_token_cost_above_1hr_above_200k_tokens')).toEqual({
      kind: 'token',
      meter: 'cacheWrite1h',
      overTokens: 200_000,
      tier: 'default',
    })
    expect(parsePriceField('output_cost_per_token_above_272k_tokens_ultrafast')).toEqual({
      kind: 'token',
      meter: 'output',
      overTokens: 272_000,
      tier: 'ultrafast',
    })
    expect(parsePriceField('output_cost_per_image')).toEqual({ kind: 'other', meter: 'image' })
  })

  it.each([
    'input_cost_per_second',
    'input_cost_per_character',
    'input_cost_per_token_above_99k_tokens',
    '',
    'toString',
  ])('of a unit that the wire does not count (%s) are not understood', (name) => {
    expect(parsePriceField(name)).toBeNull()
    expect(KNOWN_PRICE_FIELDS).not.toContain(name)
  })

  it('that mean nothing here are named apart', () => {
    expect(UNUSED_PRICE_FIELDS).toContain('input_cost_per_token_batches')
    expect(UNUSED_PRICE_FIELDS.some((name) => KNOWN_PRICE_FIELDS.includes(name))).toBe(false)
  })
})
