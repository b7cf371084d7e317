/** What the configuration says of where and how an upstream is asked: patterns, two endpoints, extra headers, entries left out. */
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/resolve.ts'
import { answering, isolateOf, KEY, linesOf, send } from './in-isolate.ts'

const NOVA = 'amazon.nova-lite-v1:0'

async function gatewayOf(raw: Record<string, unknown>, answer = answering) {
  const result = await readConfig({ general_settings: { master_key: KEY }, ...raw }, {})
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  const asked: { url: string; headers: Record<string, string> }[] = []
  const isolate = await isolateOf(() => ({
    config: async () => result.config,
    fetcher: async (input, init) => {
      asked.push({ url: String(input), headers: Object.fromEntries(new Headers(init?.headers)) })
      return answer(input, init)
    },
  }))
  const call = async (model: string) => {
    const request = new Request(`https://gateway.test/bedrock/model/${encodeURIComponent(model)}/converse`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: '{"messages":[]}',
    })
    const { value, lines } = await linesOf(() => send(isolate, request))
    return { ...value, row: lines.find(({ event }) => event === 'call') }
  }
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${KEY}` }
    const { value } = await linesOf(() => send(isolate, new Request(`https://gateway.test${path}`, { headers })))
    return JSON.parse(value.text) as Record<string, unknown>
  }
  return { asked, call, get, config: result.config, isolate }
}

const entry = (model_name: string, model: string, region: string, more: Record<string, unknown> = {}) => ({
  model_name,
  litellm_params: {
    model,
    aws_region_name: region,
    aws_access_key_id: 'AKIDEXAMPLE',
    aws_secret_access_key: 'x',
    ...more,
  },
})

describe('a pattern', () => {
  const PATTERNS = {
    model_list: [
      entry('bedrock/*', 'bedrock/*', 'eu-central-1'),
      entry('amazon.*', 'bedrock/*', 'us-west-2'),
      entry(NOVA, `bedrock/${NOVA}`, 'us-east-1'),
    ],
  }

  test.each([
    [
      'an exact name wins',
      NOVA,
      `https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse`,
    ],
    [
      'then the longest pattern',
      'amazon.nova-pro-v1:0',
      `https://bedrock-runtime.us-west-2.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse`,
    ],
    [
      'then any',
      'meta.llama3-8b-instruct-v1:0',
      `https://bedrock-runtime.eu-central-1.amazonaws.com/model/meta.llama3-8b-instruct-v1%3A0/converse`,
    ],
  ])('%s', async (_case, model, url) => {
    const { asked, call } = await gatewayOf(PATTERNS)
    expect((await call(model)).response.status).toBe(200)
    expect(asked.map((one) => one.url)).toEqual([url])
  })

  test('is priced by the id that was asked for, and listed as a pattern', async () => {
    const { call, get } = await gatewayOf(PATTERNS)
    const { row } = await call('amazon.nova-pro-v1:0')
    expect(row).toMatchObject({
      model: 'amazon.nova-pro-v1:0',
      model_group: 'amazon.nova-pro-v1:0',
      cost_state: 'priced',
    })
    const { data } = (await get('/v1/models')) as { data: { id: string }[] }
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining([NOVA, 'bedrock/*', 'amazon.*']))
  })

  test('is made ill for one model alone, so that a caller who asks for nonsense takes nothing from others', async () => {
    const nonsense: typeof answering = async (input, init) =>
      String(input).includes('nonsense')
        ? Response.json({ message: 'The provided model identifier is invalid.' }, { status: 400 })
        : answering(input, init)
    const { call } = await gatewayOf(PATTERNS, nonsense)
    for (let n = 0; n < 3; n++) expect((await call('meta.nonsense')).response.status).not.toBe(200)
    expect((await call('meta.llama3-8b-instruct-v1:0')).response.status).toBe(200)
  })
})

describe('an entry with two endpoints and headers of its own', () => {
  test('is signed for api_base, sent to the endpoint, with its headers, of which only x-amz ones are signed', async () => {
    const { asked, call } = await gatewayOf({
      model_list: [
        entry('nova', `bedrock/${NOVA}`, 'us-east-1', {
          api_base: 'https://bedrock-runtime.us-east-1.amazonaws.com',
          aws_bedrock_runtime_endpoint: 'https://proxy.example/aws',
          extra_headers: { 'X-Proxy-Token': 'abc', 'x-amz-purpose': 'test' },
        }),
      ],
    })
    expect((await call('nova')).response.status).toBe(200)
    expect(asked[0]?.url).toBe('https://proxy.example/aws/model/amazon.nova-lite-v1%3A0/converse')
    expect(asked[0]?.headers).toMatchObject({ 'x-proxy-token': 'abc', 'x-amz-purpose': 'test' })
    expect(asked[0]?.headers.authorization).toMatch(/SignedHeaders=[^,]*x-amz-purpose/)
    expect(asked[0]?.headers.authorization).not.toMatch(/x-proxy-token/)
  })
})

describe('an entry that cannot be served', () => {
  test('is named by /health where faulty ones are skipped', async () => {
    const { get } = await gatewayOf({
      general_settings: { master_key: KEY, skip_faulty: true },
      model_list: [entry('nova', `bedrock/${NOVA}`, 'us-east-1'), entry('bad', `bedrock/${NOVA}`, 'nowhere at all')],
    })
    expect((await get('/health')).left_out).toMatchObject([{ modelName: 'bad', path: 'model_list[1]' }])
  })
})
