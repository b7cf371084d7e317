/** AssumeRole against moto's STS, which computes signatures again with botocore's code and refuses wrong ones. */
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createCredentialProvider } from '../../src/bedrock/signing/credential-provider.ts'
import type { AssumedRole } from '../../src/bedrock/signing/credentials.ts'
import { assumeRole } from '../../src/bedrock/signing/sts.ts'
import type { KeyPair } from '../simulator/auth.ts'
import { callPath } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { MESSAGES, modelIdOf } from './cases.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from './harness.ts'
import { type Moto, motoPython, type StsProxy, startMoto, startStsProxy } from './moto.ts'

const REGION = 'us-east-1'
const MINUTE_MS = 60_000
const CONCURRENT_CALLS = 50
const WRONG_SECRET = 'wrong/secret/of/the/gateway'

const python = motoPython()
const name = 'AssumeRole against moto'

describe.skipIf(python === undefined)(
  python === undefined ? `${name} (needs moto: BOTO3_143_PYTHON has none)` : name,
  () => {
    let moto: Moto
    let sts: StsProxy

    beforeAll(async () => {
      moto = await startMoto(python ?? '')
    })

    afterAll(() => moto?.stop())

    beforeEach(async () => {
      sts = await startStsProxy(moto)
    })

    afterEach(() => sts.stop())

    const roleWith = (changes: Partial<AssumedRole['source']> = {}, roleArn: string = moto.roleArn): AssumedRole => ({
      kind: 'role',
      roleArn,
      sessionName: 'bedrock-edge',
      stsEndpoint: sts.url,
      source: { kind: 'keys', accessKeyId: moto.accessKeyId, secretAccessKey: moto.secretAccessKey, ...changes },
    })

    describe('from the module', () => {
      test('gives the session that STS made, for an hour', async () => {
        const before = Date.now()
        const result = await assumeRole(roleWith(), REGION)
        if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
        expect(result.session.keys).toEqual({ kind: 'keys', ...sts.sessions[0] })
        expect(result.session.expiresAtMs).toBeGreaterThan(before + 59 * MINUTE_MS)
        expect(result.session.expiresAtMs).toBeLessThan(Date.now() + 61 * MINUTE_MS)
      })

      test.each([
        { title: 'a wrong secret', code: 'SignatureDoesNotMatch', source: { secretAccessKey: WRONG_SECRET } },
        {
          title: 'an unknown access key id',
          code: 'InvalidClientTokenId',
          source: { accessKeyId: 'AKIAUNKNOWNEXAMPLE' },
        },
      ])('$title is refused with $code', async ({ code, source }) => {
        const result = await assumeRole(roleWith(source), REGION)
        expect(result).toMatchObject({ ok: false, status: 403, code })
        expect(JSON.stringify(result)).not.toContain(WRONG_SECRET)
        expect(JSON.stringify(result)).not.toContain(moto.secretAccessKey)
      })

      test('a role that the keys may not assume is refused with AccessDenied', async () => {
        const result = await assumeRole(roleWith({}, 'arn:aws:iam::123456789012:role/another'), REGION)
        expect(result).toMatchObject({ ok: false, status: 403, code: 'AccessDenied' })
      })

      test('many calls at once ask STS once, and share its session', async () => {
        const provider = createCredentialProvider({ now: Date.now })
        const asked = Array.from({ length: CONCURRENT_CALLS }, () => provider.get(roleWith(), REGION))
        for (const result of await Promise.all(asked)) {
          expect(result).toEqual({ ok: true, credentials: { kind: 'keys', ...sts.sessions[0] } })
        }
        expect(sts.calls).toBe(1)
      })

      test('a session is kept until five minutes before its end, and then replaced', async () => {
        let nowMs = Date.now()
        const provider = createCredentialProvider({ now: () => nowMs })
        await provider.get(roleWith(), REGION)
        nowMs += 54 * MINUTE_MS
        await provider.get(roleWith(), REGION)
        expect(sts.calls).toBe(1)
        nowMs += 2 * MINUTE_MS
        const renewed = await provider.get(roleWith(), REGION)
        expect(sts.calls).toBe(2)
        expect(renewed).toEqual({ ok: true, credentials: { kind: 'keys', ...sts.sessions[1] } })
      })
    })

    describe('through the gateway', () => {
      /** The simulator lets in whom STS let in: the proxy's sessions. */
      let keyPairs: KeyPair[]
      let simulator: Simulator
      let gateway: RunningGateway

      beforeEach(async () => {
        keyPairs = sts.sessions
        simulator = await startSimulator({ regions: [REGION, 'us-west-2'], keyPairs })
        const role = { aws_role_name: moto.roleArn, aws_session_name: 'bedrock-edge', aws_sts_endpoint: sts.url }
        const keys = { aws_access_key_id: moto.accessKeyId, aws_secret_access_key: moto.secretAccessKey }
        const wrong = { ...role, ...keys, aws_secret_access_key: WRONG_SECRET }
        const deployment = (group: string, region: string, params: Record<string, unknown>) =>
          deploymentOf(simulator, group, modelIdOf(group), region, params)
        const model_list = [
          deployment('role', REGION, { ...role, ...keys }),
          deployment('refused', REGION, wrong),
          deployment('half-refused', REGION, wrong),
          deployment('half-refused', 'us-west-2', { ...role, ...keys }),
        ]
        gateway = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
      })

      afterEach(async () => {
        await gateway?.stop()
        await simulator?.close()
      })

      const headers = { 'content-type': 'application/json', authorization: `Bearer ${MASTER_KEY}` }
      const pathOf = (model: string) => `/bedrock/model/${model}/converse`
      const ask = (model: string) => callPath(gateway.url, pathOf(model), { headers, body: { messages: MESSAGES } })

      test('a call is signed with the session, whose token goes up', async () => {
        expect(await ask('role')).toMatchObject({ status: 200, whole: true })
        const [received] = simulator.requests()
        const [session] = sts.sessions
        expect(received?.auth).toEqual({ ok: true, how: 'sigv4', accessKeyId: session?.accessKeyId, region: REGION })
        expect(received?.headers['x-amz-security-token']).toBe(session?.sessionToken)
        expect(received?.headers.authorization).toContain('x-amz-security-token')
      })

      test('further calls use the same session', async () => {
        for (let call = 0; call < 3; call++) expect((await ask('role')).status).toBe(200)
        expect(sts.calls).toBe(1)
      })

      test('50 first calls at once ask STS once, and all are answered', async () => {
        let open = () => {}
        sts.gate = new Promise((resolve) => {
          open = resolve
        })
        const calls = Array.from({ length: CONCURRENT_CALLS }, () => startCall(`${gateway.url}${pathOf('role')}`))
        await Promise.all(calls.map(({ sent }) => sent))
        // Behind all of them in the gateway's queue: when it is answered, they have arrived.
        expect((await fetch(`${gateway.url}/health/liveliness`)).status).toBe(200)
        open()
        const statuses = await Promise.all(calls.map(({ status }) => status))
        expect(statuses).toEqual(calls.map(() => 200))
        expect(sts.calls).toBe(1)
        expect(simulator.count()).toBe(CONCURRENT_CALLS)
      })

      test('a session that AWS calls expired is replaced once, unseen by the client', async () => {
        expect((await ask('role')).status).toBe(200)
        simulator.fault(modelIdOf('role'), { error: { name: 'ExpiredTokenException' } }, { times: 1 })
        expect((await ask('role')).status).toBe(200)
        expect(sts.calls).toBe(2)
        expect(simulator.count()).toBe(3)
        expect(simulator.requests().at(-1)?.auth).toMatchObject({ accessKeyId: sts.sessions[1]?.accessKeyId })
      })

      test('a session that AWS keeps calling expired is replaced only once in a call', async () => {
        expect((await ask('role')).status).toBe(200)
        simulator.fault(modelIdOf('role'), { error: { name: 'ExpiredTokenException' } })
        const answer = await ask('role')
        expect(answer.status).toBe(403)
        expect(answer.headers['x-amzn-errortype']).toMatch(/^ExpiredTokenException/)
        expect(sts.calls).toBe(2)
        expect(simulator.count()).toBe(3)
      })

      test('a session that AWS refuses in the very call that obtained it is replaced too', async () => {
        simulator.fault(modelIdOf('role'), { error: { name: 'ExpiredTokenException' } }, { times: 1 })
        expect((await ask('role')).status).toBe(200)
        const keys = simulator.requests().map(({ headers }) => headers.authorization?.match(/Credential=([^/]*)/)?.[1])
        expect(keys).toEqual(sts.sessions.map(({ accessKeyId }) => accessKeyId))
        expect(keys).toHaveLength(2)
      })

      test('where the role cannot be assumed the answer is an error as AWS writes it, without secrets', async () => {
        const answer = await ask('refused')
        expect(answer.status).toBe(503)
        expect(answer.headers['x-amzn-errortype']).toBe('ServiceUnavailableException')
        const text = `${answer.body}${JSON.stringify(answer.headers)}${JSON.stringify(gateway.logs)}`
        expect(text).not.toContain(WRONG_SECRET)
        expect(text).not.toContain(moto.secretAccessKey)
        expect(simulator.count()).toBe(0)
      })

      test('where one role cannot be assumed another deployment answers every call, and STS is not asked again', async () => {
        for (let call = 0; call < 6; call++) {
          const answer = await ask('half-refused')
          expect(answer.status).toBe(200)
          expect(answer.headers['x-litellm-model-region']).toBe('us-west-2')
        }
        expect(simulator.count()).toBe(6)
        // The good session, and at most one try with the wrong secret, after which that deployment is held out.
        expect(sts.calls).toBeLessThanOrEqual(2)
      })

      /** A call on a connection of its own; `sent` when the system has all of it. */
      function startCall(url: string): { sent: Promise<unknown>; status: Promise<number> } {
        const call = request(url, { method: 'POST', headers, agent: new Agent({ keepAlive: false }) })
        const status = new Promise<number>((resolve, reject) => {
          call.on('response', (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)))
          call.on('error', reject)
        })
        const sent = once(call, 'finish')
        call.end(JSON.stringify({ messages: MESSAGES }))
        return { sent, status }
      }
    })
  },
)
