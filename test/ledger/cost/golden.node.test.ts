/** The shared cost cases through the formula and through the command. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { nanoFromPico } from '../../../src/base/decimal.ts'
import { ROOT } from '../../../src/cli/root.ts'
import { priceCase } from '../../../src/ledger/cost/price-case.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'

const GOLDEN = join(ROOT, '../shared/prices/golden.json')

type Golden = { name: string; expected_usd: string | null; state: string }
const golden = existsSync(GOLDEN) ? (JSON.parse(readFileSync(GOLDEN, 'utf8')) as Golden[]) : []

const folder = mkdtempSync(join(tmpdir(), 'ledger-price-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the command as its own process, so that stdout is what a person gets. */
function run(...argv: string[]) {
  const module = pathToFileURL(join(ROOT, 'src/cli/ledger/price.ts')).href
  const script = `const m = await import(${JSON.stringify(module)}); process.exitCode = await m.runPriceFile(process.argv.slice(1))`
  return spawnSync(process.execPath, ['--input-type=module', '-e', script, '--', ...argv], { encoding: 'utf8' })
}

describe.skipIf(golden.length === 0)('the shared cases (skipped: ../shared/prices/golden.json is absent)', () => {
  const context = { catalogue: BUNDLED_CATALOGUE, now: new Date('2026-11-24T00:00:00Z') }

  it.each(golden.map((one) => [one.name, one] as const))('%s costs what is expected, to the last digit', (_, given) => {
    const result = priceCase(given, context)
    expect(result.ok && result.price).toMatchObject({ usd: given.expected_usd, state: given.state })
    if (!result.ok || given.expected_usd === null) return
    const [whole = '', fraction = ''] = given.expected_usd.split('.')
    const picoUsd = BigInt(whole + fraction.padEnd(12, '0'))
    expect(result.cost.nanoUsd).toBe(nanoFromPico(picoUsd))
  })

  it('come out of the command as one JSON array and nothing else', () => {
    const { stdout, stderr, status } = run(GOLDEN)
    expect(status).toBe(0)
    expect(stderr).toBe('')
    const priced = JSON.parse(stdout) as { name: string; usd: string | null; state: string }[]
    expect(priced.map(({ name, usd, state }) => ({ name, expected_usd: usd, state }))).toEqual(
      golden.map(({ name, expected_usd, state }) => ({ name, expected_usd, state })),
    )
  })
})

describe('ledger price', () => {
  const write = (text: string): string => {
    const file = join(folder, 'cases.json')
    writeFileSync(file, text)
    return file
  }
  const good = {
    name: 'one',
    operation: 'Converse',
    model_id: 'us.anthropic.claude-opus-5',
    source_region: 'us-east-1',
    usage: { body: { usage: { inputTokens: 1000, outputTokens: 1000 } } },
  }

  it('prints name, exact cost, state, row and reason of each case', () => {
    const { stdout, status } = run(write(JSON.stringify([good, { ...good, name: 'two', model_id: 'acme.x' }])))
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual([
      {
        name: 'one',
        usd: '0.033',
        state: 'priced',
        price_row: `anthropic.claude-opus-5|geo|*|default@${BUNDLED_CATALOGUE.version}`,
        reason: null,
      },
      { name: 'two', usd: null, state: 'unpriced', price_row: null, reason: 'no price is known for the model acme.x' },
    ])
  })

  it.each([
    ['no file', [], 'usage:'],
    ['a file that is not there', [join(folder, 'none.json')], 'cannot be read'],
    ['a file that is not JSON', () => [write('{')], 'cannot be read as JSON'],
    ['a file that holds no array', () => [write('{}')], 'JSON array'],
    ['a case without a model', () => [write(JSON.stringify([{ operation: 'Converse' }]))], '[0] model_id'],
  ])('ends with 2, says why on stderr and prints nothing for %s', (_, argv, message) => {
    const { stdout, stderr, status } = run(...(typeof argv === 'function' ? argv() : argv))
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })
})
