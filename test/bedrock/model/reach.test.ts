import { describe, expect, it, test } from 'vitest'
import { GEOGRAPHIES } from '../../../src/bedrock/model/geographies.ts'
import { reachOf, reachWithin } from '../../../src/bedrock/model/reach.ts'

const ACCOUNT = 'arn:aws:bedrock:eu-central-1:123456789012:'
const APPLICATION = `${ACCOUNT}application-inference-profile/abc123`

describe('reachOf', () => {
  it.each([
    ['anthropic.claude-opus-5', 'region'],
    ['us.x', 'region'],
    [`${ACCOUNT}foundation-model/anthropic.claude-opus-5`, 'region'],
    [`${ACCOUNT}provisioned-model/abc`, 'region'],
    [`${ACCOUNT}imported-model/abc`, 'region'],
    [`${ACCOUNT}custom-model-deployment/abc`, 'region'],
    ['arn:aws:sagemaker:eu-central-1:123456789012:endpoint/mine', 'region'],
    ['eu.anthropic.claude-opus-5', 'geography'],
    [`${ACCOUNT}inference-profile/eu.anthropic.claude-opus-5`, 'geography'],
    ['global.anthropic.claude-opus-5', 'anywhere'],
    [`${ACCOUNT}inference-profile/global.anthropic.claude-opus-5`, 'anywhere'],
    ['zz.anthropic.claude-opus-5', 'unknown'],
    [APPLICATION, 'unknown'],
    [`${ACCOUNT}prompt/PROMPT1234:2`, 'unknown'],
    [`${ACCOUNT}prompt-router/abc`, 'unknown'],
    [`${ACCOUNT}default-prompt-router/anthropic.claude:1`, 'unknown'],
    [`${ACCOUNT}something-new/abc`, 'unknown'],
  ])('of %s is %s', (model, kind) => {
    expect(reachOf(model)).toMatchObject({ kind })
  })

  it.each([
    ['global.anthropic.claude-opus-5', 'anywhere'],
    ['eu.anthropic.claude-opus-5', 'geography'],
    ['arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-opus-5', 'region'],
    ['zz.anthropic.claude-opus-5', 'unknown'],
    ['my-own-name', 'unknown'],
  ])('of an application profile that stands for %s is %s', (standsFor, kind) => {
    expect(reachOf(APPLICATION, standsFor)).toMatchObject({ kind })
  })

  it('of an application profile is not known from a model without a geography, unless its region is named', () => {
    expect(reachOf(APPLICATION, 'anthropic.claude-opus-5')).toEqual({ kind: 'unknown' })
    expect(reachOf(APPLICATION, 'anthropic.claude-opus-5', 'eu-central-1')).toEqual({ kind: 'region' })
  })

  it('of a router is not known, whatever model is said to be behind it', () => {
    expect(reachOf(`${ACCOUNT}prompt-router/abc`, 'eu.anthropic.claude-opus-5')).toEqual({ kind: 'unknown' })
  })
})

describe('a call stays inside the regions it is bound to', () => {
  it.each([
    ['amazon.nova-lite-v1:0', 'eu-central-1', ['eu-'], true],
    ['amazon.nova-lite-v1:0', 'us-east-1', ['eu-'], false],
    ['eu.amazon.nova-lite-v1:0', 'eu-central-1', ['eu-'], true],
    ['eu.amazon.nova-lite-v1:0', 'eu-central-1', ['eu-central-', 'eu-west-'], false],
    ['eu.amazon.nova-lite-v1:0', 'il-central-1', ['eu-'], false],
    ['us.amazon.nova-lite-v1:0', 'ca-central-1', ['ca-'], false],
    ['us.amazon.nova-lite-v1:0', 'ca-central-1', ['ca-', 'us-'], true],
    ['ca.amazon.nova-lite-v1:0', 'ca-central-1', ['ca-'], true],
    ['apac.amazon.nova-lite-v1:0', 'ap-southeast-2', ['ap-southeast-2'], false],
    ['apac.amazon.nova-lite-v1:0', 'ap-southeast-2', ['ap-'], true],
    ['au.amazon.nova-lite-v1:0', 'ap-southeast-2', ['ap-southeast-2', 'ap-southeast-4'], true],
    ['in.amazon.nova-lite-v1:0', 'ap-south-1', ['ap-south-1'], false],
    ['in.amazon.nova-lite-v1:0', 'ap-south-1', ['ap-south-'], true],
    ['sa.amazon.nova-lite-v1:0', 'sa-east-1', ['sa-'], true],
    ['amer.amazon.nova-lite-v1:0', 'us-east-1', ['us-'], false],
    ['us-gov.amazon.nova-lite-v1:0', 'us-gov-west-1', ['us-gov-'], true],
    ['us-gov.amazon.nova-lite-v1:0', 'us-gov-west-1', ['us-gov-west-'], false],
    ['global.amazon.nova-lite-v1:0', 'eu-central-1', ['eu-'], false],
    ['zz.amazon.nova-lite-v1:0', 'eu-central-1', ['eu-'], false],
    [APPLICATION, 'eu-central-1', ['eu-'], false],
  ])('%s called in %s, bound to %j: %s', (model, region, prefixes, isWithin) => {
    expect(reachWithin({ region, reach: reachOf(model) }, prefixes)).toBe(isWithin)
  })
})

test('every geography but global names its regions, in the form of AWS', () => {
  for (const [prefix, { scope, regions }] of GEOGRAPHIES) {
    expect(regions === null, prefix).toBe(scope === 'global')
    expect(new Set(regions).size, prefix).toBe(regions?.length ?? 0)
    for (const region of regions ?? []) expect(region).toMatch(/^[a-z]{2}(-gov)?-[a-z]+-\d$/)
  }
})
