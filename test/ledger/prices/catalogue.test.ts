import { describe, expect, it } from 'vitest'
import { picoFromUsd, usdFromPico } from '../../../src/base/decimal.ts'
import { parseModelId } from '../../../src/bedrock/model/model-id.ts'
import { flatten } from '../../../src/cli/prices/build/check.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'
import { parseOverride } from '../../../src/ledger/prices/row-schema.ts'

const { rows, sources, version } = BUNDLED_CATALOGUE
const nameOf = (row: (typeof rows)[number]) => `${row.id}|${row.scopes}|${row.regions}|${row.tier}`
/** Single prices of a row; graded image prices are one text of several. */
const pricesOf = (row: (typeof rows)[number]) => [
  ...Object.values(flatten(row)).filter((usd) => !usd.startsWith('[')),
  ...(row.other?.imageGrades ?? []).map((grade) => grade.usd),
]

describe('the bundled catalogue', () => {
  it('loses no digit of any price when it is counted in pico-USD', () => {
    for (const row of rows) {
      for (const usd of pricesOf(row)) {
        const pico = picoFromUsd(usd)
        expect(pico, `${nameOf(row)} ${usd}`).not.toBeNull()
        expect(pico === null ? null : usdFromPico(pico)).toBe(usd)
      }
    }
  })

  it('holds prices that nano-USD per token could not, so pico-USD are needed', () => {
    const finer = rows.flatMap(pricesOf).filter((usd) => (picoFromUsd(usd) ?? 0n) % 1000n !== 0n)
    expect(finer.length).toBeGreaterThan(80)
  })

  it('is in the form that a live override has', () => {
    expect(parseOverride({ version, rows })).toMatchObject({ ok: true })
  })

  it('has one row for each id, scope, region, tier and day', () => {
    const seen = new Set<string>()
    for (const row of rows) {
      for (const scope of row.scopes) {
        for (const region of row.regions) {
          const key = [row.id, scope, region, row.tier, row.until].join('|')
          expect(seen.has(key), key).toBe(false)
          seen.add(key)
        }
      }
    }
  })

  it('has no gap and no overlap between a past price and the one that followed', () => {
    const dated = rows.filter((row) => row.until !== undefined)
    expect(dated.length).toBeGreaterThan(0)
    for (const row of dated) {
      const next = rows.filter(
        (one) => one.id === row.id && one.tier === row.tier && String(one.scopes) === String(row.scopes) && one !== row,
      )
      expect(
        next.map((one) => one.from),
        nameOf(row),
      ).toContain(row.until)
    }
  })

  it('holds exact ids without a geography and without a trailing :0', () => {
    for (const row of rows) {
      expect(row.id.endsWith(':0')).toBe(false)
      expect(parseModelId(row.id)).toMatchObject({ kind: 'foundation-model', id: row.id })
    }
  })

  it('says of every row which source it is from, and which rule where it is derived', () => {
    const known = new Set(sources.map((source) => source.name))
    for (const row of rows) {
      for (const source of row.source.split('+')) expect(known.has(source), nameOf(row)).toBe(true)
      expect(row.how === 'derived').toBe(row.rules !== undefined)
    }
  })

  it('has a price of its own for every region of a model whose price varies, and `*` for no such model', () => {
    const flat = new Set(
      rows.filter((row) => row.regions.includes('*')).map((row) => `${row.id}|${row.scopes}|${row.tier}`),
    )
    for (const row of rows) {
      if (row.regions.includes('*') || row.regions.every((region) => region.startsWith('us-gov-'))) continue
      expect(flat.has(`${row.id}|${row.scopes}|${row.tier}`), nameOf(row)).toBe(false)
    }
  })

  it('charges Claude of 4.5 and newer 1.1 times the global price in every geography, and no older one', () => {
    const meter = (id: string, scope: 'global' | 'geo') =>
      rows.find(
        (row) => row.id === id && row.scopes.includes(scope) && row.tier === 'default' && row.until === undefined,
      )?.meters.input
    const ratio = (id: string) => [
      picoFromUsd(meter(id, 'geo') ?? '') ?? 0n,
      picoFromUsd(meter(id, 'global') ?? '') ?? 0n,
    ]
    for (const id of new Set(
      rows.filter((row) => /^anthropic\.claude/.test(row.id) && row.scopes.includes('global')).map((row) => row.id),
    )) {
      const [geo = 0n, global = 0n] = ratio(id)
      expect(geo * 10n, id).toBe(global * (id.startsWith('anthropic.claude-sonnet-4-2025') ? 10n : 11n))
    }
  })

  it('is small enough to bundle: under 256 KiB of JSON', () => {
    expect(JSON.stringify(BUNDLED_CATALOGUE).length).toBeLessThan(256 * 1024)
  })
})
