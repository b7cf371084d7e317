/** The build on small sources of our own; `build.node.test.ts` runs it on the real ones. */
import { describe, expect, it } from 'vitest'
import { buildCatalogue, catalogueText } from '../../../src/cli/prices/build/build-catalogue.ts'
import type { KnownDisagreements } from '../../../src/cli/prices/build/check.ts'
import { parseExactJson } from '../../../src/cli/prices/build/listing.ts'
import { findPrice } from '../../../src/ledger/prices/look-up.ts'
import type { PriceScope } from '../../../src/ledger/prices/price-row.ts'

const entry = (fields: string, provider = 'bedrock_converse') =>
  `{"litellm_provider":"${provider}","mode":"chat",${fields}}`
const perMillion = (input: number, output: number) =>
  `"input_cost_per_token":${input}e-6,"output_cost_per_token":${output}e-6`

const EMPTY_GENAI = '{"models":[]}'
const lmux = (defaults: string, regions = '{}') =>
  `{"unit":"USD per million tokens","default_region":"us-east-1","default":{${defaults}},"regions":${regions}}`

type Sources = { litellm?: string[]; additions?: string; genai?: string; lmux?: string; known?: KnownDisagreements }

function build({ litellm = [], additions, genai = EMPTY_GENAI, lmux: table = lmux(''), known = {} }: Sources) {
  const texts = { litellm: `{${litellm.join(',')}}`, litellmAdditions: additions, genai, lmux: table }
  const { rows, faults } = buildCatalogue({ texts, sources: [], known, day: '2026-11-24' })
  const find = (id: string, scope: PriceScope, region = 'us-east-1', tier = 'default', at = '2026-11-24') =>
    findPrice({ version: 'v', rows }, { id, scope, region, tier, at: new Date(at) })?.row
  return { rows, faults, find }
}

describe('reading the sources', () => {
  it('keeps every digit of a number, because it never becomes a double', () => {
    expect(parseExactJson('{"a":0.1000000000000000055,"b":[1e-7],"c":"x","d":null}')).toEqual({
      a: '0.1000000000000000055',
      b: ['1e-7'],
      c: 'x',
      d: null,
    })
  })

  it('leaves out other providers, commitments and names that are no ids of bedrock-runtime', () => {
    const { rows } = build({
      litellm: [
        `"gpt-9":${entry(perMillion(1, 1), 'openai')}`,
        `"bedrock/us-east-1/1-month-commitment/a.b":${entry('"input_cost_per_second":0.01')}`,
        `"moonshot.kimi-k2-thinking":${entry(perMillion(1, 1))}`,
        `"bedrock_mantle/qwen.qwen3-32b":${entry(perMillion(1, 1), 'bedrock_mantle')}`,
      ],
    })
    expect(rows.filter((row) => row.source === 'litellm')).toEqual([])
  })

  it('lays the additions over the older file', () => {
    const { find } = build({
      litellm: [`"a.b":${entry(perMillion(1, 2))}`],
      additions: `{"entries_added":{"a.c":${entry(perMillion(3, 4))}},"price_fields_added":{"a.b":{"input_cost_per_token_flex":5e-7,"output_cost_per_token_flex":1e-6}}}`,
    })
    expect(find('a.b', 'region', 'us-east-1', 'flex')?.meters).toEqual({ input: '0.0000005', output: '0.000001' })
    expect(find('a.c', 'region')?.meters).toEqual({ input: '0.000003', output: '0.000004' })
  })

  it('reads image prices by size and steps as grades, narrow ones first', () => {
    const image = (usd: string) =>
      `{"litellm_provider":"bedrock","mode":"image_generation","output_cost_per_image":${usd}}`
    const { find } = build({
      litellm: [
        `"max-x-max/max-steps/s.xl":${image('0.072')}`,
        `"512-x-512/max-steps/s.xl":${image('0.036')}`,
        `"512-x-512/50-steps/s.xl":${image('0.018')}`,
      ],
    })
    expect(find('s.xl', 'region')?.other?.imageGrades).toEqual([
      { maxPixels: 262144, maxSteps: 50, usd: '0.018' },
      { maxPixels: 262144, usd: '0.036' },
      { usd: '0.072' },
    ])
  })

  it('reads long-context steps and guardrail units', () => {
    const { find } = build({
      litellm: [
        `"a.b":${entry(`${perMillion(1, 2)},"input_cost_per_token_above_200k_tokens":2e-6,"output_cost_per_token_above_200k_tokens":3e-6`)}`,
        '"bedrock/guardrails":{"litellm_provider":"bedrock","mode":"guardrail","guardrail_cost_per_unit":{"topicPolicyUnits":0.00015}}',
      ],
    })
    expect(find('a.b', 'geo')?.over).toEqual([{ tokens: 200_000, meters: { input: '0.000002', output: '0.000003' } }])
    expect(find('guardrails', 'region')?.other).toEqual({ guardrailUnit: { topicPolicyUnits: '0.00015' } })
  })
})

describe('merging', () => {
  it('takes `*` where no source knows of another price, and single regions where one does', () => {
    const { find } = build({
      lmux: lmux(
        '"a.flat":[{"input":1.0,"output":2.0}],"a.varies":[{"input":1.0,"output":2.0}]',
        '{"eu-west-1":{"a.varies":[{"input":1.5,"output":3.0}]}}',
      ),
    })
    expect(find('a.flat', 'region', 'sa-east-1')?.regions).toEqual(['*'])
    expect(find('a.varies', 'geo', 'eu-west-1')?.meters.input).toBe('0.0000015')
    expect(find('a.varies', 'geo', 'us-west-2')?.meters.input).toBe('0.000001')
    expect(find('a.varies', 'geo', 'sa-east-1')).toBeUndefined()
  })

  it('does not take a region for different that only leaves meters out', () => {
    const { find } = build({
      lmux: lmux(
        '"a.b":[{"input":1.0,"output":2.0,"cache_read":0.1}]',
        '{"eu-west-1":{"a.b":[{"input":1.0,"output":2.0}]}}',
      ),
    })
    expect(find('a.b', 'region', 'eu-west-1')).toMatchObject({ regions: ['*'], meters: { cacheRead: '0.0000001' } })
  })

  it('completes a price by another source only where the two agree on input and output', () => {
    const cached = (input: number) => entry(`${perMillion(input, 2)},"cache_read_input_token_cost":1e-7`)
    const table = lmux('"a.b":[{"input":1.0,"output":2.0}]')
    expect(build({ litellm: [`"a.b":${cached(1)}`], lmux: table }).find('a.b', 'region')).toMatchObject({
      source: 'litellm+lmux',
      meters: { cacheRead: '0.0000001' },
    })
    expect(
      build({ litellm: [`"a.b":${cached(3)}`], lmux: table }).find('a.b', 'region')?.meters.cacheRead,
    ).toBeUndefined()
  })

  it('keeps a tier to the regions whose default price it belongs to', () => {
    const flex = (input: number, output: number) =>
      `${perMillion(input, output)},"input_cost_per_token_flex":${input / 2}e-6,"output_cost_per_token_flex":${output / 2}e-6`
    const { find } = build({
      litellm: [`"a.b":${entry(flex(1, 2))}`, `"eu.a.b":${entry(flex(3, 6))}`],
      lmux: lmux(
        '"a.b":[{"input":1.0,"output":2.0}]',
        '{"eu-central-1":{"a.b":[{"input":3.0,"output":6.0}]},"eu-west-1":{"a.b":[{"input":4.0,"output":8.0}]}}',
      ),
    })
    expect(find('a.b', 'region', 'us-east-2', 'flex')?.meters.input).toBe('0.0000005')
    expect(find('a.b', 'geo', 'eu-central-1', 'flex')?.meters.input).toBe('0.0000015')
    expect(find('a.b', 'geo', 'eu-west-1', 'flex')).toBeUndefined()
    expect(find('a.b', 'region', 'ap-south-1', 'flex')).toBeUndefined()
  })

  it('follows prices over time', () => {
    const genai = `{"models":[{"id":"a.b","match":{"equals":"a.b"},"prices":[
      {"prices":{"input_mtok":5,"output_mtok":6}},
      {"constraint":{"start_date":"2026-08-21"},"prices":{"input_mtok":1,"output_mtok":2}}]}]}`
    const { find, faults } = build({ genai, litellm: [`"a.b":${entry(perMillion(1, 2))}`] })
    expect(faults).toEqual([])
    expect(find('a.b', 'region', 'us-east-1', 'default', '2026-08-20')?.meters.input).toBe('0.000005')
    expect(find('a.b', 'region', 'us-east-1', 'default', '2026-08-21')).toMatchObject({
      from: '2026-08-21',
      meters: { input: '0.000001' },
    })
  })

  it('writes Nova’s cache at its input price, and marks that as derived', () => {
    const { find } = build({
      lmux: lmux(
        '"amazon.nova-x-v1":[{"input":1.0,"output":2.0,"cache_read":0.25}]',
        '{"eu-west-2":{"amazon.nova-x-v1":[{"input":2.0,"output":4.0}]}}',
      ),
    })
    expect(find('amazon.nova-x-v1', 'geo')).toMatchObject({
      how: 'derived',
      rules: ['write-at-input'],
      meters: { cacheWrite: '0.000001' },
    })
    expect(find('amazon.nova-x-v1', 'geo', 'eu-west-2')?.meters).toMatchObject({
      cacheRead: '0.0000005',
      cacheWrite: '0.000002',
    })
  })

  it('derives GovCloud at 1.2 times for newer Claude, and for nothing else', () => {
    const { find } = build({
      lmux: lmux(
        '"anthropic.claude-new-9":[{"input":1.1,"output":2.2}],"global.anthropic.claude-new-9":[{"input":1.0,"output":2.0}],"global.a.b":[{"input":1.0,"output":2.0}]',
      ),
    })
    expect(find('anthropic.claude-new-9', 'gov', 'us-gov-west-1')).toMatchObject({
      how: 'derived',
      rules: ['gov-from-global'],
      meters: { input: '0.0000012' },
    })
    expect(find('a.b', 'gov', 'us-gov-west-1')).toBeUndefined()
  })
})

describe('a disagreement', () => {
  const sources = { litellm: [`"a.b":${entry(perMillion(1, 2))}`], lmux: lmux('"a.b":[{"input":1.0,"output":3.0}]') }
  const written = {
    reason: {
      why: 'because',
      differences: [
        {
          source: 'litellm',
          key: 'a.b',
          tier: 'default',
          region: 'us-east-1',
          listed: { output: '0.000002' },
          taken: { output: '0.000003' },
        },
      ],
    },
  }

  it('between two sources is a fault that names both values', () => {
    const { faults } = build(sources)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(
      'litellm a.b default us-east-1 lists {"output":"0.000002"}, taken {"output":"0.000003"}',
    )
  })

  it('that is written down is none', () => {
    expect(build({ ...sources, known: written }).faults).toEqual([])
  })

  it('that is written down with another value is one again', () => {
    const litellm = [`"a.b":${entry(perMillion(1, 2.5))}`]
    expect(build({ ...sources, litellm, known: written }).faults).toHaveLength(2)
  })

  it('that is written down and no longer occurs is a fault too', () => {
    const { faults } = build({ lmux: sources.lmux, known: written })
    expect(faults[0]).toContain('no longer so')
  })
})

it('a source that is not what it should be is refused', () => {
  expect(() => build({ lmux: '[]' })).toThrow('lmux')
  expect(() => build({ genai: '{}' })).toThrow('genai-prices')
  expect(() => build({ litellm: [`"a.b":${entry('"input_cost_per_token":"free"')}`] })).toThrow('"free" is not a price')
})

it('the text of a catalogue has one row per line and does not depend on the order of the sources', () => {
  const first = build({ litellm: [`"a.b":${entry(perMillion(1, 2))}`, `"a.a":${entry(perMillion(1, 2))}`] })
  const second = build({ litellm: [`"a.a":${entry(perMillion(1, 2))}`, `"a.b":${entry(perMillion(1, 2))}`] })
  const text = catalogueText('v', [], first.rows)
  expect(text).toBe(catalogueText('v', [], second.rows))
  expect(text.split('\n')).toHaveLength(first.rows.length + 3)
  expect(JSON.parse(text)).toMatchObject({ version: 'v' })
})
