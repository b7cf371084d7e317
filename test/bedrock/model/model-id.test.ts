import { describe, expect, it } from 'vitest'
import {
  arnRegion,
  foundationIdOf,
  parseModelId,
  scopeIn,
  unknownGeography,
  vendorOf,
} from '../../../src/bedrock/model/model-id.ts'

describe('parseModelId', () => {
  it('reads a bare id as a foundation model in the region that is called', () => {
    expect(parseModelId('anthropic.claude-opus-5')).toEqual({
      kind: 'foundation-model',
      id: 'anthropic.claude-opus-5',
      scope: 'region',
      region: null,
    })
  })

  it.each(['us', 'eu', 'apac', 'jp', 'au', 'ca', 'in', 'sa', 'amer'])(
    'reads the prefix %s as a geographic profile',
    (geography) => {
      expect(parseModelId(`${geography}.amazon.nova-pro-v1:0`)).toEqual({
        kind: 'inference-profile',
        id: 'amazon.nova-pro-v1:0',
        geography,
        scope: 'geo',
        region: null,
      })
    },
  )

  it.each([
    ['global', 'global'],
    ['us-gov', 'gov'],
  ])('reads the prefix %s as scope %s', (prefix, scope) => {
    expect(parseModelId(`${prefix}.anthropic.claude-opus-5`)).toMatchObject({ id: 'anthropic.claude-opus-5', scope })
  })

  it('takes no prefix off an id whose first part only looks like one', () => {
    expect(parseModelId('us.model')).toMatchObject({ kind: 'foundation-model', id: 'us.model' })
    expect(parseModelId('zz.anthropic.claude-opus-5')).toMatchObject({ id: 'zz.anthropic.claude-opus-5' })
  })

  it.each([
    ['arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-5', 'region', 'us-east-1'],
    ['arn:aws:bedrock:::foundation-model/anthropic.claude-opus-5', 'region', null],
    ['arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-opus-5', 'gov', 'us-gov-west-1'],
    ['arn:aws-cn:bedrock:cn-north-1::foundation-model/anthropic.claude-opus-5', 'region', 'cn-north-1'],
  ])('reads %s as the foundation model with scope %s in %s', (arn, scope, region) => {
    expect(parseModelId(arn)).toEqual({ kind: 'foundation-model', id: 'anthropic.claude-opus-5', scope, region })
  })

  it('reads a system profile ARN as the profile with the region of the ARN', () => {
    expect(parseModelId('arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0')).toEqual({
      kind: 'inference-profile',
      id: 'amazon.nova-lite-v1:0',
      geography: 'eu',
      scope: 'geo',
      region: 'eu-west-1',
    })
  })

  it.each([
    ['application-inference-profile', 'ab12cd34ef56'],
    ['provisioned-model', 'q1w2e3r4t5y6'],
    ['imported-model', 'abcdefghijkl'],
    ['custom-model', 'amazon.nova-lite-v1:0:300k/abcdefghijkl'],
    ['custom-model-deployment', 'abcdefghijkl'],
    ['prompt', 'PROMPT1234:2'],
    ['prompt-router', 'abcdefghijkl'],
    ['default-prompt-router', 'anthropic.claude:1'],
  ])('reads an ARN of kind %s as that kind, with the place', (kind, name) => {
    expect(parseModelId(`arn:aws-us-gov:bedrock:us-gov-east-1:123456789012:${kind}/${name}`)).toEqual({
      kind,
      resource: name,
      place: { partition: 'aws-us-gov', region: 'us-gov-east-1', account: '123456789012' },
    })
  })

  it('reads a SageMaker endpoint ARN', () => {
    expect(parseModelId('arn:aws:sagemaker:us-east-1:123456789012:endpoint/mine')).toMatchObject({
      kind: 'sagemaker-endpoint',
      resource: 'mine',
    })
  })

  it.each([
    'arn:',
    'arn:aws:bedrock:us-east-1:1:something-new/x',
    'arn:aws:bedrock:us-east-1:1:foundation-model/',
    'arn:aws:s3:::bucket/foundation-model',
  ])('reads %s as an ARN of a kind that is not known, and does not throw', (arn) => {
    expect(parseModelId(arn)).toMatchObject({ kind: 'unknown-arn' })
  })

  it('reads odd text as a model id of that text', () => {
    for (const text of ['', '.', 'x', '..', 'global.']) {
      expect(parseModelId(text)).toMatchObject({ kind: 'foundation-model', id: text })
    }
  })
})

describe('scopeIn', () => {
  it('makes everything but a global profile gov inside GovCloud', () => {
    expect(scopeIn({ scope: 'region' }, 'us-gov-west-1')).toBe('gov')
    expect(scopeIn({ scope: 'geo' }, 'us-gov-east-1')).toBe('gov')
    expect(scopeIn({ scope: 'global' }, 'us-gov-west-1')).toBe('global')
    expect(scopeIn({ scope: 'region' }, 'us-west-1')).toBe('region')
  })
})

it('the vendor is the part in front of the first dot', () => {
  expect(vendorOf('openai.gpt-5.6-sol')).toBe('openai')
  expect(vendorOf('nodot')).toBe('')
})

describe('unknownGeography', () => {
  it.each([
    ['zz.anthropic.claude-opus-5', 'zz'],
    ['arn:aws:bedrock:us-east-1:123456789012:inference-profile/zz.amazon.nova-lite-v1:0', 'zz'],
    ['eu.anthropic.claude-opus-5', null],
    ['openai.gpt-5.6-sol', null],
    ['deepseek.v3.1', null],
    ['x.y.z', null],
    ['arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/zz.amazon.x', null],
  ])('of %s is %s', (reference, geography) => {
    expect(unknownGeography(reference)).toBe(geography)
  })
})

it.each([
  ['arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.x.y', 'eu-west-1'],
  ['arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc', 'eu-west-1'],
  ['arn:aws:bedrock:::foundation-model/x.y', undefined],
  ['eu.x.y', undefined],
])('the region of %s is %s', (reference, region) => {
  expect(arnRegion(reference)).toBe(region)
})

it.each([
  ['eu.amazon.nova-lite-v1:0', undefined, 'amazon.nova-lite-v1:0'],
  ['arn:aws:bedrock:eu-west-1:1:application-inference-profile/a', 'eu.amazon.nova-lite-v1:0', 'amazon.nova-lite-v1:0'],
  ['arn:aws:bedrock:eu-west-1:1:application-inference-profile/a', undefined, null],
  ['arn:aws:bedrock:eu-west-1:1:prompt/a', 'arn:aws:bedrock:eu-west-1:1:prompt/b', null],
])('the foundation model behind %s, which stands for %s, is %s', (model, standsFor, id) => {
  expect(foundationIdOf(model, standsFor)).toBe(id)
})
