import { describe, expect, test } from 'vitest'
import { secretBindings } from '../../src/cli/start/bindings.ts'
import { configOfFile } from '../../src/cli/start/source.ts'
import { scratchFiles } from './config/run-config.ts'

const { file } = scratchFiles('start source ')

const KEYLESS = `model_list:
  - model_name: nova
    litellm_params: {model: bedrock/amazon.nova-lite-v1:0, aws_region_name: eu-central-1, api_key: ABSKliteral}
`

async function sourceOf(path: string) {
  const result = await configOfFile(path, false)
  if (!result.ok) throw new Error(result.faults.join('\n'))
  return result.source
}

describe('the master key of a local run', () => {
  test('is random where neither the file nor the environment has one, another each time, and the Worker gets it', async () => {
    const path = await file('keyless.yaml', KEYLESS)
    const sources = [await sourceOf(path), await sourceOf(path)]
    const keys = sources.map(({ config }) => config.masterKey)
    expect(new Set(keys).size).toBe(2)
    for (const { config, json, environment } of sources) {
      expect(config.masterKey).toMatch(/^sk-[A-Za-z0-9_-]{32}$/)
      expect(json).not.toContain(config.masterKey)
      expect(secretBindings(json, environment).LITELLM_MASTER_KEY).toBe(config.masterKey)
    }
    expect(process.env.LITELLM_MASTER_KEY).toBeUndefined()
  })

  test('is that of the environment, and before it that of the file', async () => {
    process.env.LITELLM_MASTER_KEY = 'sk-of-the-environment'
    try {
      expect((await sourceOf(await file('keyless.yaml', KEYLESS))).config.masterKey).toBe('sk-of-the-environment')
      const own = await file('own.yaml', `${KEYLESS}general_settings: {master_key: sk-of-the-file}\n`)
      expect((await sourceOf(own)).config.masterKey).toBe('sk-of-the-file')
    } finally {
      delete process.env.LITELLM_MASTER_KEY
    }
  })

  test('that the file reads from a variable which is not set is a fault, and none is made up', async () => {
    const path = await file('unset.yaml', `${KEYLESS}general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}\n`)
    const result = await configOfFile(path, false)
    expect(result.ok ? [] : result.faults).toEqual([
      expect.stringContaining('general_settings.master_key: the secret LITELLM_MASTER_KEY is not set'),
    ])
  })
})
