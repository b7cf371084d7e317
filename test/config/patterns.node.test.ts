import { describe, expect, test } from 'vitest'
import { matchedParts, matchPattern } from '../../src/config/patterns.ts'
import type { Deployment } from '../../src/config/types.ts'
import { deployment, errorsOf, type Json, router, sample, valid } from './samples.ts'

const config = (...models: Json[]) => valid(sample({ model_list: models }))

/** What a configuration of these entries answers a model with. */
async function found(models: Json[], model: string): Promise<readonly Deployment[]> {
  return matchPattern((await config(...models)).patterns, model)?.deployments ?? []
}

const ANY = deployment('*', { model: 'bedrock/*' })
const BEDROCK = deployment('bedrock/*', { model: 'bedrock/*' })
const PROFILES = 'arn:aws:bedrock:eu-central-1:123456789012:inference-profile/*'

describe('a pattern serves every model that matches', () => {
  test.for([
    [ANY, 'anthropic.claude-opus-5', 'anthropic.claude-opus-5'],
    [ANY, 'bedrock/anthropic.claude-opus-5', 'anthropic.claude-opus-5'],
    [ANY, 'eu.amazon.nova-lite-v1:0', 'eu.amazon.nova-lite-v1:0'],
    [BEDROCK, 'bedrock/eu.amazon.nova-lite-v1:0', 'eu.amazon.nova-lite-v1:0'],
    [BEDROCK, 'eu.amazon.nova-lite-v1:0', 'eu.amazon.nova-lite-v1:0'],
    [deployment('bedrock/eu.*', { model: 'bedrock/*' }), 'eu.amazon.nova-lite-v1:0', 'eu.amazon.nova-lite-v1:0'],
    [BEDROCK, 'bedrock/converse/eu.amazon.nova-lite-v1:0', 'eu.amazon.nova-lite-v1:0'],
    [deployment('anthropic.*', { model: 'bedrock/*' }), 'anthropic.claude-opus-5', 'anthropic.claude-opus-5'],
    [deployment('*.claude-*', { model: 'bedrock/*' }), 'anthropic.claude-opus-5', 'anthropic.claude-opus-5'],
    [deployment('team/*', { model: 'bedrock/*' }), 'team/anthropic.claude-opus-5', 'anthropic.claude-opus-5'],
    [deployment('team/*', { model: 'bedrock/eu.*' }), 'team/anthropic.claude-opus-5', 'eu.anthropic.claude-opus-5'],
    [deployment('claude-*', { model: 'bedrock/anthropic.claude-*' }), 'claude-opus-5', 'anthropic.claude-opus-5'],
    [deployment('nova-*', { model: 'bedrock/amazon.nova-lite-v1:0' }), 'nova-anything', 'amazon.nova-lite-v1:0'],
    [
      deployment('bedrock/*', { model: 'bedrock/*', model_id: PROFILES }),
      'bedrock/eu.amazon.nova-lite-v1:0',
      PROFILES.replace('*', 'eu.amazon.nova-lite-v1:0'),
    ],
    [ANY, PROFILES.replace('*', 'eu.amazon.nova-lite-v1:0'), PROFILES.replace('*', 'eu.amazon.nova-lite-v1:0')],
  ] as const)('%j asked for %s sends %s', async ([entry, asked, wire], { expect }) => {
    const [only, ...rest] = await found([entry], asked)
    expect(rest).toEqual([])
    expect(only).toMatchObject({ model: wire, region: 'eu-central-1', group: entry.model_name })
    expect(JSON.stringify(only)).not.toContain('"*"}')
  })

  test.for([
    [deployment('bedrock/eu.*', { model: 'bedrock/*' }), 'us.amazon.nova-lite-v1:0'],
    [deployment('team/*', { model: 'bedrock/*' }), 'anthropic.claude-opus-5'],
    [deployment('anthropic.*', { model: 'bedrock/*' }), 'amazon.nova-lite-v1:0'],
    [ANY, 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0'],
    [BEDROCK, 'bedrock/us-east-1/anthropic.claude-v2'],
    [ANY, 'a b'],
    [ANY, 'bedrock/agent/X/Y'],
    [ANY, '*'],
    [ANY, 'x'.repeat(3000)],
    [ANY, ''],
  ] as const)('%j does not serve %s', async ([entry, asked], { expect }) => {
    expect(await found([entry], asked)).toEqual([])
  })

  test('the price is that of the model asked for, and its reach decides where it may go', async () => {
    const [byArn] = await found(
      [deployment('bedrock/*', { model: 'bedrock/*', model_id: PROFILES })],
      'bedrock/eu.amazon.nova-lite-v1:0',
    )
    expect(byArn).toMatchObject({
      baseModel: 'eu.amazon.nova-lite-v1:0',
      reach: { kind: 'geography', geography: 'eu' },
    })
    const [global] = await found([ANY], 'global.amazon.nova-lite-v1:0')
    expect(global).toMatchObject({ reach: { kind: 'anywhere' } })
    expect(global?.baseModel).toBeUndefined()
  })

  test('the longest pattern wins, of equals the first, and entries of one name share the calls', async () => {
    const models = [
      ANY,
      deployment('anthropic.*', { model: 'bedrock/*', aws_region_name: 'us-east-1' }),
      deployment('anthropic.*', { model: 'bedrock/*', aws_region_name: 'us-west-2' }),
      deployment('anthropic.claude-*', { model: 'bedrock/*', aws_region_name: 'eu-west-1' }),
      deployment('*anthropic.', { model: 'bedrock/*', aws_region_name: 'eu-west-3' }),
    ]
    const regions = async (model: string) => (await found(models, model)).map(({ region }) => region)
    expect(await regions('anthropic.claude-opus-5')).toEqual(['eu-west-1'])
    expect(await regions('anthropic.other')).toEqual(['us-east-1', 'us-west-2'])
    expect(await regions('amazon.nova-lite-v1:0')).toEqual(['eu-central-1'])
  })

  test('ids of entries are those of the file, and no pattern is a deployment or a group', async () => {
    const { deployments, groups, patterns } = await config(
      deployment('a'),
      BEDROCK,
      deployment('bedrock/*', { model: 'bedrock/*' }, { id: 'own' }),
    )
    expect(deployments.map(({ id }) => id)).toEqual(['a/eu-central-1/1'])
    expect([...groups.keys()]).toEqual(['a'])
    expect(patterns.map(({ name, deployments: entries }) => [name, entries.map(({ id }) => id)])).toEqual([
      ['bedrock/*', ['bedrock/*/eu-central-1/1', 'own']],
    ])
  })
})

describe('a name that the file itself uses and only a pattern serves is a model group', () => {
  test('as a fallback, an alias, and the group of a setting', async () => {
    const raw = router(
      {
        fallbacks: [{ a: ['bedrock/amazon.nova-pro-v1:0'] }, { 'bedrock/amazon.nova-lite-v1:0': ['a'] }],
        model_group_alias: { best: 'bedrock/anthropic.claude-opus-5' },
        model_group_regions: { 'bedrock/eu.amazon.nova-micro-v1:0': ['eu-'] },
      },
      deployment('a'),
      BEDROCK,
    )
    const { groups, router: settings } = await valid(raw)
    expect([...groups.keys()].toSorted()).toEqual([
      'a',
      'bedrock/amazon.nova-lite-v1:0',
      'bedrock/amazon.nova-pro-v1:0',
      'bedrock/anthropic.claude-opus-5',
      'bedrock/eu.amazon.nova-micro-v1:0',
    ])
    expect(groups.get('bedrock/amazon.nova-pro-v1:0')).toMatchObject([
      { id: 'bedrock/amazon.nova-pro-v1:0/eu-central-1/1', model: 'amazon.nova-pro-v1:0' },
    ])
    expect(settings.fallbacks).toEqual({
      a: ['bedrock/amazon.nova-pro-v1:0'],
      'bedrock/amazon.nova-lite-v1:0': ['a'],
    })
  })

  test('and is held to the regions of the group that falls back to it', async () => {
    const raw = router(
      { fallbacks: [{ a: ['bedrock/global.amazon.nova-pro-v1:0'] }], model_group_regions: { a: ['eu-'] } },
      deployment('a'),
      BEDROCK,
    )
    expect(await errorsOf(raw)).toEqual([expect.stringMatching(/^router_settings\.fallbacks\[0\]\.a\[0\]: .*outside/)])
  })

  test('a pattern is bound to regions by its own name', async () => {
    const bound = router({ model_group_regions: { 'bedrock/*': ['eu-'] } }, BEDROCK)
    expect((await valid(bound)).router.modelGroupRegions).toEqual({ 'bedrock/*': ['eu-'] })
    const outside = router({ model_group_regions: { 'bedrock/*': ['us-'] } }, BEDROCK)
    expect(await errorsOf(outside)).toEqual([expect.stringContaining('eu-central-1 is outside')])
  })
})

test.for([
  ['*', '', ['']],
  ['a*', 'abc', ['bc']],
  ['*c', 'abc', ['ab']],
  ['a*c', 'abc', ['b']],
  ['a*c', 'ac', ['']],
  ['a*b*c', 'a1b2c', ['1', '2']],
  ['**', 'ab', ['', 'ab']],
  ['ab*bc', 'abc', null],
  ['a*b*c', 'a1c', null],
  ['a', 'a', []],
  ['a', 'b', null],
] as const)('%s matches %s with %j', ([pattern, name, parts], { expect }) => {
  expect(matchedParts(pattern, name)).toEqual(parts)
})

test('a hostile name is matched in the time of a scan', () => {
  const started = performance.now()
  expect(matchedParts('*a*a*a*a*a*b', `${'a'.repeat(2000)}c`)).toBeNull()
  expect(performance.now() - started).toBeLessThan(50)
})
