/** Parts of `npm start` that are judged without starting it. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../src/cli/root.ts'
import { secretBindings } from '../../src/cli/start/bindings.ts'
import { pasteLines } from '../../src/cli/start/paste.ts'
import { deploymentOf, type RunningGateway, startGateway } from '../clients/harness.ts'
import { BOTO3_VERSIONS, nameOf, pythonOf } from '../clients/python.ts'
import { SIMULATOR_ACCESS_KEY_ID, SIMULATOR_SECRET_ACCESS_KEY } from '../simulator/auth.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'

const KEY = 'sk-test-master'
/** A name that shells, URLs, Python and JavaScript would all read differently. */
const AWKWARD_NAME = `team's "fast" $model/1`
const ANSWER = 'This is a simulated answer'

describe('printed commands, run by a shell as they stand', () => {
  let simulator: Simulator
  let gateway: RunningGateway
  let lines: string[]

  beforeAll(async () => {
    simulator = await startSimulator({ regions: ['us-east-1'] })
    gateway = await startGateway({
      config: {
        model_list: [deploymentOf(simulator, AWKWARD_NAME, 'amazon.nova-lite-v1:0', 'us-east-1')],
        general_settings: { master_key: KEY },
      },
    })
    lines = pasteLines({ url: gateway.url, key: KEY, model: AWKWARD_NAME, region: 'us-east-1' })
  })

  afterAll(async () => {
    await gateway?.stop()
    await simulator?.close()
  })

  async function shell(start: RegExp, more: Record<string, string> = {}): Promise<string> {
    const line = lines.find((candidate) => start.test(candidate))
    expect(line).toBeDefined()
    const { stdout } = await promisify(execFile)('sh', ['-c', line ?? ''], {
      cwd: ROOT,
      env: { ...process.env, ...more },
    })
    return stdout
  }

  test('curl', async () => {
    expect(await shell(/^curl .*converse/)).toContain(ANSWER)
  })

  test('AWS SDK for JavaScript, whatever credentials the environment holds', async () => {
    expect(await shell(/^node /, { AWS_BEARER_TOKEN_BEDROCK: 'somebody-else' })).toContain(ANSWER)
  })

  for (const boto3 of BOTO3_VERSIONS) {
    const python = pythonOf(boto3)
    test.skipIf(python === undefined)(
      `${nameOf(boto3)}, also beside a Bedrock API key in the environment`,
      async () => {
        const PATH = `${join(python ?? '', '..')}:${process.env.PATH}`
        expect(await shell(/python3 -c/, { PATH, AWS_BEARER_TOKEN_BEDROCK: 'somebody-else' })).toContain(ANSWER)
      },
    )
  }

  test('the books, which hold the calls above a few seconds later', async () => {
    await expect.poll(() => shell(/^curl .*spend\/logs/), { timeout: 15_000 }).toContain('"model_group"')
  })
})

describe('secrets of a local run', () => {
  const environment = { NAMED: 'a', OTHER: 'b', AWS_REGION: 'eu-west-1', PATH: '/bin', AWS_PROFILE: 'c' }

  test('are those that the configuration names and those it may fall back on, and nothing else of the environment', () => {
    const json = JSON.stringify({ a: { b: ['os.environ/NAMED', 'os.environ/ABSENT', 'see os.environ/OTHER'] } })
    expect(secretBindings(json, environment)).toEqual({ NAMED: 'a', AWS_REGION: 'eu-west-1' })
  })
})

test('the sample configuration holds the credentials that the simulated Bedrock lets in', async () => {
  const text = await readFile(join(ROOT, 'src', 'cli', 'start', 'sample-config.yaml'), 'utf8')
  const values = (name: string) =>
    new Set(Array.from(text.matchAll(new RegExp(`${name}: (\\S+)`, 'g')), (match) => match[1]))
  expect(values('aws_access_key_id')).toEqual(new Set([SIMULATOR_ACCESS_KEY_ID]))
  expect(values('aws_secret_access_key')).toEqual(new Set([SIMULATOR_SECRET_ACCESS_KEY]))
})
