import { describe, expect, test } from 'vitest'
import { readBaseModel, readModelName } from '../../../src/config/reading/model-setting.ts'

const PROFILE = 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3'
const IMPORTED = 'arn:aws:bedrock:eu-central-1:123456789012:imported-model/abc'

describe("LiteLLM's grammar of model names", () => {
  test.for([
    ['bedrock/anthropic.claude-opus-5', { id: 'anthropic.claude-opus-5' }],
    ['bedrock/converse/amazon.nova-pro-v1:0', { id: 'amazon.nova-pro-v1:0', route: 'converse' }],
    ['bedrock/converse_like/my-model', { id: 'my-model', route: 'converse' }],
    ['bedrock/chat_completions/openai.gpt-oss-20b-1:0', { id: 'openai.gpt-oss-20b-1:0', route: 'converse' }],
    [`bedrock/openai/${IMPORTED}`, { id: IMPORTED }],
    [`bedrock/moonshot/${IMPORTED}`, { id: IMPORTED }],
    [`bedrock/invoke/qwen3/${IMPORTED}`, { id: IMPORTED, route: 'invoke' }],
    ['bedrock/us-gov-west-1/anthropic.claude-v2', { id: 'anthropic.claude-v2', region: 'us-gov-west-1' }],
    [
      'bedrock/invoke/us-east-1/anthropic.claude-v2',
      { id: 'anthropic.claude-v2', route: 'invoke', region: 'us-east-1' },
    ],
    ['bedrock/eusc-de-east-1/amazon.nova-pro-v1:0', { id: 'amazon.nova-pro-v1:0', region: 'eusc-de-east-1' }],
    [`bedrock/${PROFILE}`, { id: PROFILE }],
    [`bedrock/llama/${IMPORTED}`, { id: IMPORTED }],
    [`bedrock/converse/us-east-1/deepseek_r1/${IMPORTED}`, { id: IMPORTED, route: 'converse', region: 'us-east-1' }],
    [`bedrock/anthropic/${PROFILE}`, { id: PROFILE }],
    ['bedrock/anthropic.claude-v2%3A1', { id: 'anthropic.claude-v2:1' }],
    [`bedrock/${encodeURIComponent(PROFILE)}`, { id: PROFILE }],
    ['anthropic.claude-v2', { id: 'anthropic.claude-v2' }],
    ['us.amazon.nova-lite-v1:0', { id: 'us.amazon.nova-lite-v1:0' }],
    ['openai.gpt-oss-120b-1:0', { id: 'openai.gpt-oss-120b-1:0' }],
    ['zz.anthropic.claude-opus-5', { id: 'zz.anthropic.claude-opus-5' }],
    [PROFILE, { id: PROFILE }],
    ['bedrock/converse', { id: 'converse' }],
    ['bedrock/my-own-name', { id: 'my-own-name' }],
  ] as const)('%s', ([name, reference], { expect }) => {
    expect(readModelName(name)).toEqual({ kind: 'model', reference })
  })

  test.for([
    ['bedrock/*', '*'],
    ['*', '*'],
    ['anthropic.*', 'anthropic.*'],
    ['bedrock/us.anthropic.*', 'us.anthropic.*'],
    [
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/*',
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/*',
    ],
  ])('%s is a pattern', ([name = '', id], { expect }) => {
    expect(readModelName(name)).toEqual({ kind: 'pattern', reference: { id } })
  })

  test.for([
    ['openai/gpt-5', 'openai'],
    ['azure/eu.anthropic.claude', 'azure'],
    ['bedrock_mantle/openai.gpt-5.5', 'bedrock_mantle'],
    ['anthropic/claude-opus-5', 'anthropic'],
    ['gpt-4.1', 'no provider'],
    ['claude-3-5-sonnet', 'no provider'],
    ['openai/*', 'openai'],
    ['bedrock/agent/AGENT1234/ALIAS1234', 'bedrock/agent'],
    ['bedrock/async_invoke/us.twelvelabs.marengo-embed-2-7-v1:0', 'bedrock/async_invoke'],
    ['bedrock/mantle/openai.gpt-5.5', 'bedrock/mantle'],
    ['bedrock/agentcore/arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/x', 'bedrock/agentcore'],
  ])('%s belongs to %s', ([name = '', provider], { expect }) => {
    expect(readModelName(name)).toEqual({ kind: 'elsewhere', provider })
  })

  test('custom_llm_provider decides where it stands', () => {
    expect(readModelName('my-model', 'bedrock')).toEqual({ kind: 'model', reference: { id: 'my-model' } })
    expect(readModelName('bedrock/amazon.nova-lite-v1:0', 'openai')).toEqual({ kind: 'elsewhere', provider: 'openai' })
  })

  test.for([
    'bedrock/',
    'bedrock/a b',
    'bedrock/chat_completion/x',
    'bedrock/arn:aws:s3:::bucket',
    'bedrock/us-east-1/',
    'bedrock/us-east-1/1-month-commitment/anthropic.claude-v2',
    'bedrock/anthropic.claude%ZZ',
    'bedrock/claude%252Fx',
    'bedrock/* *',
  ])('%s is a fault', (name, { expect }) => {
    expect(readModelName(name)).toMatchObject({ kind: 'faulty' })
  })

  test('base_model is read by the same grammar, and another name is kept as it is', () => {
    expect(readBaseModel('bedrock/eu-central-1/anthropic.claude-v2')).toEqual({
      id: 'anthropic.claude-v2',
      region: 'eu-central-1',
    })
    expect(readBaseModel('azure/gpt 4')).toEqual({ id: 'azure/gpt 4' })
  })
})
