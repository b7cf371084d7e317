/** What a configured role sends to STS, and where a role that cannot be assumed shows: nowhere but in the books of the operator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, callIdOf, getJson, lineOf } from '../relay/calls.ts'
import type { KeyPair } from '../simulator/auth.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { modelIdOf } from './cases.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from './harness.ts'
import { type Moto, motoPython, type StsProxy, startMoto, startStsProxy } from './moto.ts'

const FIRST = 'us-east-1'
const SECOND = 'us-west-2'
const WRONG_SECRET = 'wrong/secret/of/the/gateway'
const EXTERNAL_ID = 'tenant-42/eu:prod'

const python = motoPython()
const name = 'a configured role, with moto as its STS'

describe.skipIf(python === undefined)(python === undefined ? `${name} (needs moto: no Python has it)` : name, () => {
  let moto: Moto
  let sts: StsProxy
  let simulator: Simulator
  let gateway: RunningGateway

  beforeAll(async () => {
    moto = await startMoto(python ?? '')
    sts = await startStsProxy(moto)
    // The simulator lets in whom STS let in: the list grows with every session.
    const keyPairs: KeyPair[] = sts.sessions
    simulator = await startSimulator({ regions: [FIRST, SECOND], keyPairs, recordings: null })
    const role = {
      aws_role_name: moto.roleArn,
      aws_session_name: 'bedrock-edge@test',
      aws_external_id: EXTERNAL_ID,
      aws_sts_endpoint: sts.url,
      aws_access_key_id: moto.accessKeyId,
      aws_secret_access_key: moto.secretAccessKey,
    }
    const deployment = (group: string, region: string, params: Record<string, unknown>) =>
      deploymentOf(simulator, group, modelIdOf(group), region, { ...role, ...params })
    const model_list = [
      deployment('external', SECOND, {}),
      deployment('wrong', SECOND, { aws_secret_access_key: WRONG_SECRET }),
      deployment('half', FIRST, { order: 1, aws_secret_access_key: WRONG_SECRET }),
      deployment('half', SECOND, { order: 2 }),
    ]
    gateway = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
  })

  afterAll(async () => {
    await gateway?.stop()
    await simulator?.close()
    await sts?.stop()
    await moto?.stop()
  })

  test('is assumed with its ARN, session name and external id', async () => {
    expect((await call(gateway, 'external', 'converse')).status).toBe(200)
    expect(sts.forms).toHaveLength(1)
    expect(Object.fromEntries(sts.forms[0] ?? [])).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: moto.roleArn,
      RoleSessionName: 'bedrock-edge@test',
      DurationSeconds: '3600',
      ExternalId: EXTERNAL_ID,
    })
    const [received] = simulator.requests(modelIdOf('external'))
    expect(received?.headers['x-amz-security-token']).toBe(sts.sessions[0]?.sessionToken)
  })

  test('of a deployment with a wrong secret is refused by STS: it does not get the session of another with the same key id', async () => {
    expect((await call(gateway, 'external', 'converse')).status).toBe(200)
    const before = sts.forms.length
    const answer = await call(gateway, 'wrong', 'converse')
    expect(answer.status).toBe(503)
    expect(sts.forms).toHaveLength(before + 1)
    expect(simulator.count(modelIdOf('wrong'))).toBe(0)
  })

  test('that cannot be assumed leaves the call to the other deployment, and the record and the log name it', async () => {
    const answer = await call(gateway, 'half', 'converse')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-litellm-model-region')).toBe(SECOND)
    expect(answer.headers.get('x-litellm-attempted-retries')).toBe('1')
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
      attempt_log: [
        { deployment: `half/${FIRST}/1`, status: 403, error_type: 'SignatureDoesNotMatch', aws_request_id: null },
        { deployment: `half/${SECOND}/1`, status: 200, error_type: null },
      ],
    })
    expect(gateway.logs).toContainEqual(
      expect.objectContaining({
        event: 'health',
        kind: 'held-out',
        deployment: `half/${FIRST}/1`,
        reason: 'role-not-assumed',
      }),
    )
  })

  test('that cannot be assumed is named by /health with the reason, and its secrets are not', async () => {
    const report = (await getJson(gateway, '/health?model=half')) as Record<string, unknown>
    expect(report).toMatchObject({
      healthy_count: 1,
      unhealthy_count: 1,
      unhealthy_endpoints: [{ model_id: `half/${FIRST}/1`, error: 'SignatureDoesNotMatch' }],
      passive: [
        {
          id: `half/${FIRST}/1`,
          state: 'held-out',
          reason: { row: 'role-not-assumed', status: 403, type: 'SignatureDoesNotMatch' },
        },
        { id: `half/${SECOND}/1`, state: 'healthy', reason: null },
      ],
    })
    for (const text of [JSON.stringify(report), JSON.stringify(gateway.logs)]) {
      for (const secret of [WRONG_SECRET, moto.secretAccessKey, ...sts.sessions.map((one) => one.secretAccessKey)]) {
        expect(text).not.toContain(secret)
      }
    }
  })
})
