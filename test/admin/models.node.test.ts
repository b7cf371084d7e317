/** Models, deployments and health over HTTP: what exists, no secret of it, and a readiness that is true. */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWorker } from '../../src/cli/start/build-worker.ts'
import { readWranglerConfig } from '../../src/cli/start/worker-options.ts'
import { CONFIG_KEY } from '../../src/config/load.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { SIMULATOR_ACCESS_KEY_ID, SIMULATOR_SECRET_ACCESS_KEY } from '../simulator/auth.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const SECRETS = {
  session: 'secret-session-token',
  apiKey: 'secret-bedrock-api-key',
  bound: 'secret-of-a-binding',
}

let simulator: Simulator
let gateway: RunningGateway
/** Its configuration has no master key, so that it never becomes ready. */
let unconfigured: { url: string; logs: string[]; stop(): Promise<void> }

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1', 'us-west-2'], recordings: null })
  const custom = { input_cost_per_token: '3e-06', output_cost_per_token: 0.000015 }
  const model_list = [
    deploymentOf(simulator, 'zeta', NOVA, 'us-west-2', { aws_session_token: SECRETS.session, weight: 2 }),
    deploymentOf(simulator, 'alpha/nested', NOVA, 'us-east-1', custom),
    deploymentOf(simulator, 'zeta', NOVA, 'us-east-1'),
    {
      model_name: 'keyed',
      litellm_params: { model: `bedrock/${NOVA}`, aws_region_name: 'us-east-1', api_key: SECRETS.apiKey },
    },
    {
      model_name: 'bound',
      litellm_params: {
        model: `bedrock/${NOVA}`,
        aws_region_name: 'eu-west-1',
        aws_bearer_token_bedrock: 'os.environ/MY_KEY',
      },
      model_info: { id: 'bound-by-name', base_model: NOVA, max_input_tokens: 1000 },
    },
  ]
  const router_settings = { model_group_alias: { nickname: 'zeta' } }
  gateway = await startGateway({
    config: { model_list, router_settings, general_settings: { master_key: MASTER_KEY } },
    env: { MY_KEY: SECRETS.bound },
  })
  unconfigured = await startUnready({ model_list })
})
afterAll(async () => {
  await gateway?.stop()
  await unconfigured?.stop()
  await simulator?.close()
})

/** The Worker as `npm start` runs it, without waiting until it is ready. */
async function startUnready(config: Record<string, unknown>): Promise<typeof unconfigured> {
  const logs: string[] = []
  const wrangler = readWranglerConfig()
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...wrangler.options,
      modules: true,
      script: await buildWorker(wrangler.main),
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => logs.push(message),
      cf: false,
      telemetry: { enabled: false },
    }),
  )
  await miniflare.ready
  await (await miniflare.getKVNamespace('CONFIG')).put(CONFIG_KEY, JSON.stringify(config))
  return { url: (await miniflare.unsafeGetDirectURL()).origin, logs, stop: () => miniflare.dispose() }
}

const get = (
  path: string,
  headers: Record<string, string> = { authorization: `Bearer ${MASTER_KEY}` },
  of: { url: string } = gateway,
) => fetch(of.url + path, { headers })

describe.each(['/v1/models', '/models'])('GET %s', (path) => {
  test("lists each name once, in config order, aliases last, in OpenAI's form", async () => {
    const response = await get(path)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      object: 'list',
      data: ['zeta', 'alpha/nested', 'keyed', 'bound', 'nickname'].map((id) => ({
        id,
        object: 'model',
        created: expect.any(Number),
        owned_by: expect.any(String),
      })),
    })
  })
})

describe.each(['/model/info', '/v1/model/info'])('GET %s', (path) => {
  test('shows every deployment with its id, model, region and prices', async () => {
    const { data } = (await (await get(path)).json()) as { data: Record<string, Record<string, unknown>>[] }
    expect(data.map(({ model_info }) => model_info?.id)).toEqual([
      'zeta/us-west-2/1',
      'alpha/nested/us-east-1/1',
      'zeta/us-east-1/1',
      'keyed/us-east-1/1',
      'bound-by-name',
    ])
    expect(data[0]).toMatchObject({
      model_name: 'zeta',
      litellm_params: { model: `bedrock/${NOVA}`, aws_region_name: 'us-west-2', weight: 2 },
    })
    expect(data[4]).toMatchObject({ model_info: { base_model: NOVA, max_input_tokens: 1000 } })
    const { input_cost_per_token, output_cost_per_token } = data[1]?.litellm_params ?? {}
    expect([Number(input_cost_per_token), Number(output_cost_per_token)]).toEqual([3e-6, 1.5e-5])
  })

  test('shows no secret and no name of one', async () => {
    const text = await (await get(path)).text()
    const secrets = [...Object.values(SECRETS), SIMULATOR_SECRET_ACCESS_KEY, SIMULATOR_ACCESS_KEY_ID, MASTER_KEY]
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(text).not.toMatch(/aws_secret|aws_session|aws_bearer|api_key|MY_KEY/)
  })
})

describe('without the key', () => {
  test.each([
    '/v1/models',
    '/models',
    '/model/info',
    '/v1/model/info',
    '/health',
    '/spend/logs',
    '/global/spend/report',
  ])('GET %s is 401 in the form of the management API', async (path) => {
    for (const headers of [{}, { authorization: 'Bearer sk-wrong' }, { 'x-api-key': '' }]) {
      const response = await get(path, headers as Record<string, string>)
      expect(response.status).toBe(401)
      const body = await response.json()
      expect(body).toEqual({
        error: { message: expect.stringMatching(/./), type: 'auth_error', param: null, code: '401' },
      })
    }
  })

  test.each(['authorization', 'x-api-key', 'x-litellm-api-key'])('the key in %s opens it', async (name) => {
    const value = name === 'authorization' ? `Bearer ${MASTER_KEY}` : MASTER_KEY
    expect((await get('/v1/models', { [name]: value })).status).toBe(200)
  })
})

describe('health', () => {
  test.each(['/health/liveliness', '/health/liveness'])(
    'GET %s is 200 for anybody, configured or not',
    async (path) => {
      for (const of of [gateway, unconfigured]) {
        const response = await get(path, {}, of)
        expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: "I'm alive!" })
      }
    },
  )

  test('GET /health/readiness is 200 where a configuration is loaded and D1 answers, and tells nothing of either', async () => {
    const response = await get('/health/readiness', {})
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ status: 'healthy', db: 'connected' })
    expect(text).not.toMatch(/zeta|secret|sk-/)
  })

  test('GET /health/readiness is 503 without a configuration, and so is every call, in the form of its API', async () => {
    const ready = await get('/health/readiness', {}, unconfigured)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ status: 'unhealthy', config: 'missing' })
    const models = await get('/v1/models', { authorization: `Bearer ${MASTER_KEY}` }, unconfigured)
    expect({ status: models.status, body: await models.json() }).toMatchObject({
      status: 503,
      body: { error: { code: '503' } },
    })
    const call = await fetch(`${unconfigured.url}/bedrock/model/zeta/converse`, { method: 'POST', body: '{}' })
    expect(call.status).toBe(503)
    expect(call.headers.get('x-amzn-errortype')).toBe('ServiceUnavailableException')
    expect(await call.json()).toEqual({ message: expect.stringMatching(/configuration/) })
    // Why it is not used stands in the log, without its secrets.
    const log = JSON.stringify(unconfigured.logs)
    expect(log).toMatch(/master_key/)
    for (const secret of [...Object.values(SECRETS), SIMULATOR_SECRET_ACCESS_KEY]) expect(log).not.toContain(secret)
  })

  // Last, because nothing brings the schema back.
  test('GET /health/readiness is 503 where D1 has no schema, and reading the ledger is 503 too, while calls are served', async () => {
    const database = await gateway.database()
    await database.prepare('DROP TABLE spend_logs').run()
    const ready = await get('/health/readiness', {})
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ status: 'unhealthy', db: 'unreachable', config: 'loaded' })
    const logs = await get('/spend/logs')
    expect({ status: logs.status, body: await logs.json() }).toMatchObject({
      status: 503,
      body: { error: { type: 'no_db_connection' } },
    })
    const call = await fetch(`${gateway.url}/bedrock/model/alpha%2Fnested/converse`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}` },
      body: JSON.stringify({ messages: [] }),
    })
    expect(call.status).toBe(200)
  })
})
