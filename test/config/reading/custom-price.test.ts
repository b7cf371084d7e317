import { describe, expect, test } from 'vitest'
import { PRICE_DECIMALS_MAX, readPrice } from '../../../src/config/reading/custom-price.ts'
import { isPriceName, looksLikePrice } from '../../../src/config/reading/price-fields.ts'
import { parseConfigJson } from '../../../src/config/stored-json.ts'

/** A small generator with a seed, so that a failure can be repeated. */
function generator(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state % limit
  }
}

describe('a price is exact', () => {
  test.for([
    ['0.000003', '0.000003'],
    ['3e-06', '0.000003'],
    ['3E-6', '0.000003'],
    ['.0000000075', '0.0000000075'],
    ['1.25e-7', '0.000000125'],
    ['+1.50', '1.5'],
    ['1e2', '100'],
    ['0012.30', '12.3'],
    ['5.', '5'],
    ['0', '0'],
    ['-0', '0'],
    ['0.000', '0'],
    [' 1 ', '1'],
    [1.25e-7, '0.000000125'],
    [3e-6, '0.000003'],
    [7.5e-9, '0.0000000075'],
    [0.06, '0.06'],
    [0, '0'],
  ] as const)('%s is %s', ([written, price], { expect }) => {
    expect(readPrice(written)).toEqual({ ok: true, price })
  })

  test('every decimal of up to 12 places is read digit for digit, however it is written', () => {
    const seed = Date.now() % 100_000
    const next = generator(seed)
    for (let round = 0; round < 2_000; round += 1) {
      const places = next(PRICE_DECIMALS_MAX + 1)
      const digits = String(next(1_000_000_000)).padStart(places + 1, '0')
      const units = BigInt(digits)
      const fixed = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
      for (const written of [fixed, `${digits}e-${places}`, `0.${digits}E+${digits.length - places}`]) {
        const result = readPrice(written)
        expect(result.ok, `${written}, seed ${seed}`).toBe(true)
        if (result.ok) expect(asUnits(result.price, places), `${written}, seed ${seed}`).toBe(units)
      }
    }
  })
})

/** The price in units of its last possible place. */
function asUnits(price: string, places: number): bigint {
  const [integer = '', decimals = ''] = price.split('.')
  return BigInt(integer + decimals.padEnd(places, '0'))
}

test.for([
  '',
  '.',
  'free',
  '1,5',
  '0x10',
  '1e',
  '1e99',
  '--1',
  'NaN',
  'Infinity',
  '1 2',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  true,
  null,
  {},
  [],
])('%s is not a price', (written, { expect }) => {
  expect(readPrice(written).ok).toBe(false)
})

test.for(['-1', '-0.000001', '-3e-6', -1])('%s is negative', (written, { expect }) => {
  expect(readPrice(written)).toMatchObject({ ok: false, fault: expect.stringContaining('negative') })
})

test('a price finer than the ledger can keep is refused rather than rounded', () => {
  expect(readPrice('0.000000000001')).toEqual({ ok: true, price: '0.000000000001' })
  expect(readPrice('0.0000000000011').ok).toBe(false)
  expect(readPrice(0.1 + 0.2).ok).toBe(false)
})

describe('the names of prices', () => {
  test.for([
    'input_cost_per_token',
    'output_cost_per_token_above_272k_tokens_ultrafast',
    'cache_creation_input_token_cost_above_1hr_above_200k_tokens',
    'cache_read_input_token_cost_priority',
    'input_cost_per_token_batches',
    'output_cost_per_image',
    'input_cost_per_video_per_second',
    'input_cost_per_query',
    'cost_per_second',
  ])('%s is a price in a unit that Bedrock bills', (name, { expect }) => {
    expect(isPriceName(name)).toBe(true)
    expect(looksLikePrice(name)).toBe(true)
  })

  test.for([
    'input_cost_per_word',
    'output_cost_per_token_above_lots',
    'cache_read_input_token_cost_weekly',
    'total_cost',
  ])('%s looks like a price in an unknown unit', (name, { expect }) => {
    expect(isPriceName(name)).toBe(false)
    expect(looksLikePrice(name)).toBe(true)
  })
})

describe('a configuration stored as JSON', () => {
  test('keeps the text of its prices and the numbers of everything else', () => {
    const text = '{"input_cost_per_token": 3.0e-06, "output_cost_per_token": "1e-5", "rpm": 60, "weight": 1.50}'
    expect(parseConfigJson(text)).toEqual({
      ok: true,
      value: { input_cost_per_token: '3.0e-06', output_cost_per_token: '1e-5', rpm: 60, weight: 1.5 },
    })
  })

  test('that is not JSON is reported without quoting it', () => {
    const result = parseConfigJson('{"master_key": sk-secret}')
    expect(result).toMatchObject({ ok: false, issue: { severity: 'error' } })
    expect(JSON.stringify(result)).not.toContain('sk-secret')
  })
})
