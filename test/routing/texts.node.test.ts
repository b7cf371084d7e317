/** What AWS's texts are taken to speak of. */
import { describe, expect, test } from 'vitest'
import { policyFor } from '../../src/routing/policy/policy.ts'
import { mayBeOfAccount, speaksOfAnotherResource } from '../../src/routing/policy/texts.ts'
import { failure } from './support.ts'

const MODEL = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const USER = 'User: arn:aws:sts::123456789012:assumed-role/kms-guardrail-s3/prompt'
const NOT_AUTHORIZED = `${USER} is not authorized to perform:`

describe('a 403 or 404 speaks of another resource than the model', () => {
  test.each([
    `${NOT_AUTHORIZED} bedrock:ApplyGuardrail on resource: arn:aws:bedrock:us-east-1:123456789012:guardrail/abc because no identity-based policy allows the bedrock:ApplyGuardrail action`,
    `${NOT_AUTHORIZED} bedrock:ApplyGuardrail`,
    `${NOT_AUTHORIZED} bedrock:RenderPrompt on resource: arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ`,
    `${NOT_AUTHORIZED} s3:GetObject on resource: "arn:aws:s3:::a-bucket/a-video.mp4"`,
    `${NOT_AUTHORIZED} kms:Decrypt on resource: arn:aws:kms:us-east-1:123456789012:key/1234abcd`,
    'You do not have access to the guardrail of this request.',
    'The provided S3 URI could not be read.',
    'Access to the KMS key was denied.',
    'The prompt could not be found.',
    'Lambda denied the call.',
  ])('%s', (message) => expect(speaksOfAnotherResource(message, MODEL)).toBe(true))

  test.each([
    "You don't have access to the model with the specified model ID.",
    `${NOT_AUTHORIZED} bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0`,
    `${NOT_AUTHORIZED} bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1:123456789012:inference-profile/${MODEL} with an explicit deny in a service control policy`,
    `${NOT_AUTHORIZED} aws-marketplace:Subscribe`,
    `${NOT_AUTHORIZED} bedrock:CallWithBearerToken`,
    '',
  ])('not: %s', (message) => expect(speaksOfAnotherResource(message, MODEL)).toBe(false))

  test('not where the model of the deployment is a prompt itself', () => {
    const prompt = 'arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1'
    const message = `${NOT_AUTHORIZED} bedrock:InvokeModel on resource: ${prompt}`
    expect(speaksOfAnotherResource(message, prompt)).toBe(false)
    expect(policyFor(failure({ status: 403, message }), prompt).name).toBe('access-denied')
  })
})

const ACCOUNT_TEXTS = [
  "data retention mode 'default' is not available for this model",
  "Data retention mode 'aws_review' is required for this model.",
  'Access to Anthropic models is not allowed from unsupported countries, regions, or territories. Please refer to https://www.anthropic.com/supported-countries for more information on the countries and regions Anthropic currently supports.',
  'Access to Anthropic models is not allowed for channel program accounts.',
  'Operation not allowed',
  'Your account is not authorized to invoke this API operation.',
]

test.each(ACCOUNT_TEXTS)('a 400 is known to be about the account: %s', (message) => {
  expect(policyFor(failure({ status: 400, type: 'ValidationException', message }), MODEL).name).toBe(
    'account-not-allowed',
  )
})

test.each([
  'This model is not enabled for your account.',
  'Your AWS Marketplace subscription for this model cannot be completed at this time.',
  'Model access is not granted in this region.',
  'Verification of your organization is pending.',
  'This project is not eligible for the model.',
  'You must accept the EULA of this model first.',
  'The account is suspended.',
  'The requested model version has been retired.',
  'This model version has reached the end of its life.',
  'No capacity is left for on-demand use here.',
  'No provisioned throughput was found.',
  'Data residency rules do not permit this model.',
])('a 400 in unknown words may be about the account: %s', (message) => {
  expect(policyFor(failure({ status: 400, type: 'ValidationException', message }), MODEL).name).toBe(
    'unexplained-refusal',
  )
})

test.each([
  'Malformed input request: #: required key [messages] not found, please reformat your input and try again.',
  'Malformed input request: #/account: extraneous key [region] is not permitted, please reformat your input and try again.',
  "1 validation error detected: Value 'operation not allowed' at 'modelId' failed to satisfy constraint: Member must satisfy regular expression pattern",
  "2 validation errors detected: Value 'your account' at 'region' failed to satisfy constraint",
  'messages: at least one message is required',
  'max_tokens: must be above 0',
  'messages.0.content.1.image.source: access denied',
  'A conversation must start with a user message. Try again with a conversation that starts with a user message.',
  'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
  'Expected toolResult blocks at messages.2.content for the following Ids: tooluse_1',
  "This model doesn't support tool use in streaming mode.",
  'The model returned the following errors: your account is not authorized',
  'temperature and top_p cannot both be specified for this model. Please use only one.',
  'The request is not valid.',
  'No such thing.',
  'The model is unsupported for streaming.',
  'Extended thinking is not available for this model.',
  'Streaming is not enabled for this model.',
  'Prompt caching is not allowed for this model.',
  'Structured output is not available for this model.',
  'Citations are not enabled for this model.',
  'The guardrail identifier or version provided in the request does not exist.',
  'Input is too short.',
  '',
])('a 400 about the request is no question of accounts: %s', (message) => {
  expect(mayBeOfAccount(message)).toBe(false)
  expect(policyFor(failure({ status: 400, type: 'ValidationException', message }), MODEL).name).toBe('bad-request')
})

test.each([
  'Malformed input request: The provided model identifier is invalid.',
  "1 validation error detected: Value 'Invocation of model ID x with on-demand throughput isn't supported' at 'x'",
  'messages.0.content: Operation not allowed',
])('a caller cannot write the verdict on a deployment into its own request: %s', (message) => {
  expect(policyFor(failure({ status: 400, type: 'ValidationException', message }), MODEL).coolDown).toBeNull()
})
