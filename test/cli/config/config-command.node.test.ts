import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { describe, expect, test } from 'vitest'
import { formatIssue, loadConfigFile } from '../../../src/cli/config/config-file.ts'
import type { RunWrangler } from '../../../src/cli/wrangler.ts'
import { readConfig } from '../../../src/config/resolve.ts'
import { LITERAL, run, scratchFiles } from './run-config.ts'

const { inFolder, file } = scratchFiles('config cli ')

/** As people have it for LiteLLM in production: references, anchors, settings that only LiteLLM knows. */
const REAL_LIFE = `# LiteLLM proxy of the platform team
x-defaults: &eu
  aws_region_name: eu-central-1
  aws_access_key_id: os.environ/AWS_ACCESS_KEY_ID_EU
  aws_secret_access_key: os.environ/AWS_SECRET_ACCESS_KEY_EU

model_list:
  - model_name: claude-opus
    litellm_params:
      <<: *eu
      model: bedrock/converse/eu.anthropic.claude-opus-5
      rpm: 200
      custom_llm_provider: bedrock
      input_cost_per_token: 3e-06
      output_cost_per_token: 0.000015
    model_info:
      mode: chat
      supports_vision: yes
  - model_name: claude-opus
    litellm_params:
      model: bedrock/us.anthropic.claude-opus-5
      aws_region_name: us-west-2
      aws_role_name: arn:aws:iam::123456789012:role/bedrock
      aws_session_name: litellm
      order: 2
  - model_name: claude-haiku
    litellm_params:
      model: bedrock/anthropic.claude-haiku-4-5
      model_id: arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123
      <<: *eu
      temperature: 0.2
    model_info:
      base_model: eu.anthropic.claude-haiku-4-5

litellm_settings:
  drop_params: true
  num_retries: 3
  request_timeout: 600
  fallbacks: [{"claude-opus": ["claude-haiku"]}]
  success_callback: ["langfuse"]

router_settings:
  routing_strategy: usage-based-routing-v2
  enable_pre_call_checks: yes
  redis_host: os.environ/REDIS_HOST
  model_group_alias: {"gpt-4o": "claude-opus"}

general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
  proxy_batch_write_at: 60
`

describe('check', () => {
  test("a real configuration of LiteLLM's is valid, with what has no effect and the secrets it needs", async () => {
    const path = await file('real life.yaml', REAL_LIFE)
    const { exitCode, out } = await run(['check', path])
    expect(exitCode).toBe(0)
    const lines = out.split('\n')
    expect(
      lines
        .filter((line) => line.startsWith('warning '))
        .map((line) => line.slice(`warning ${path}:`.length).split(': ')[0]),
    ).toEqual([
      '2 x-defaults',
      '17 model_list[0].model_info.mode',
      '18 model_list[0].model_info.supports_vision',
      '31 model_list[2].litellm_params.temperature',
      '36 litellm_settings.drop_params',
      '40 litellm_settings.success_callback',
      '43 router_settings.routing_strategy',
      '45 router_settings.redis_host',
      '50 general_settings.database_url',
      '51 general_settings.proxy_batch_write_at',
    ])
    expect(out).toContain(`${path} is valid: deployments 3, model groups 2, 10 warnings`)
    expect(out).toContain(
      'secrets that the Worker needs: AWS_ACCESS_KEY_ID_EU, AWS_SECRET_ACCESS_KEY_EU, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, LITELLM_MASTER_KEY',
    )
  })

  test('every fault is a line with file, line, setting and how to mend, and the exit code is 2', async () => {
    const path = await file('bad.yaml', LITERAL.replace('nova-lite-v1:0', 'nova lite').replace('sk-literal', 'admin'))
    const { exitCode, out } = await run(['check', path])
    expect(exitCode).toBe(2)
    expect(out.split('\n')).toEqual([
      `error ${path}:3 model_list[0].litellm_params.model: not a model id, inference profile or ARN of Bedrock: write bedrock/<model id or ARN>`,
      `error ${path}:5 general_settings.master_key: must hold at least 8 letters, digits, _ or -, and nothing else`,
      `${path} is faulty: 2 errors`,
    ])
  })

  test('a fault of the YAML has its column too', async () => {
    const path = await file('syntax.yaml', 'model_list: [\ngeneral_settings: {}\n')
    const { exitCode, out } = await run(['check', path])
    expect(exitCode).toBe(2)
    expect(out).toMatch(/^error .*syntax\.yaml:\d+:\d+: not valid YAML/)
  })

  test('a file that is not there, and a folder, are said so', async () => {
    expect((await run(['check', inFolder('none.yaml')])).out).toContain('none.yaml: there is no such file')
    expect((await run(['check', inFolder('.')])).out).toContain('this is a folder')
  })

  test('a configuration that is too large for CONFIG_JSON is said to fit only KV', async () => {
    const entry = LITERAL.split('\n').slice(1, 3).join('\n')
    const many = await file('many.yaml', LITERAL.replace(entry, Array(60).fill(entry).join('\n')))
    expect((await run(['check', many])).out).toMatch(
      /\d+ bytes as JSON: too large for CONFIG_JSON \(5000\), it fits only KV/,
    )
    const few = await file('few.yaml', LITERAL)
    expect((await run(['check', few])).out).not.toContain('CONFIG_JSON')
  })

  test('a JSON file is read as well', async () => {
    const path = await file(
      'config.json',
      JSON.stringify({ model_list: [], general_settings: { master_key: 'sk-a-master-key' } }),
    )
    expect((await run(['check', path])).out).toContain(`error ${path}:1 model_list: missing or empty`)
  })
})

describe('bad usage', () => {
  test.for([
    [],
    ['frobnicate'],
    ['check'],
    ['check', 'a', 'b'],
    ['check', 'a', '--local', '--persist', 'd'],
    ['push'],
    ['push', 'a', '--local'],
    ['push', 'a', '--persist', 'd'],
    ['push', 'a', '--force'],
    ['push', 'a', '--strict'],
    ['check', 'a', '--skip-faulty'],
    ['pull', '--skip-faulty'],
    ['pull', '--allow-literal-secrets'],
  ])('%j shows how it is used and ends with 2', async (argv, { expect }) => {
    const { exitCode, err, out } = await run(argv)
    expect(exitCode).toBe(2)
    expect(err).toMatch(/^usage:/)
    expect(out).toBe('')
  })
})

describe('a local gateway', () => {
  /** What a gateway on this folder would read. */
  async function readAsGateway(persist: string): Promise<string | null> {
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        modules: true,
        script: 'export default { fetch: async (_, env) => new Response(await env.CONFIG.get("config")) }',
        kvNamespaces: { CONFIG: 'CONFIG' },
        resourcePersistencePath: persist,
      }),
    )
    try {
      return await (await miniflare.dispatchFetch('http://localhost/')).text()
    } finally {
      await miniflare.dispose()
    }
  }

  test('reads what was pushed into its folder, and pull shows it without secrets', async () => {
    const persist = inFolder('state')
    const source = await file('local.yaml', LITERAL.replace('ABSKliteral', 'os.environ/BEDROCK_KEY\n      , weight: 2'))
    const local = ['--local', '--persist', persist]
    const refused = await run(['push', source, ...local])
    expect(refused.exitCode).toBe(2)
    expect(refused.err).toContain(`error ${source}:6 general_settings.master_key: a secret stands here as it is`)
    expect(existsSync(persist)).toBe(false)

    const pushed = await run(['push', source, ...local, '--allow-literal-secrets'])
    expect(pushed.err).toBe('')
    expect(pushed.exitCode).toBe(0)
    expect(pushed.out).toMatch(/stored as version [0-9a-f]{12} in .*state/)
    expect(JSON.parse((await readAsGateway(persist)) ?? '')).toMatchObject({
      general_settings: { master_key: 'sk-literal' },
    })

    const pulled = await run(['pull', ...local])
    expect(pulled.exitCode).toBe(0)
    expect(pulled.out).toContain('api_key: os.environ/BEDROCK_KEY')
    expect(pulled.out).toContain('weight: 2')
    expect(pulled.out).not.toContain('sk-literal')
    expect(pulled.err).toContain('is not shown')
  })

  test('without a configuration is said so by pull', async () => {
    const { exitCode, err } = await run(['pull', '--local', '--persist', inFolder('empty state')])
    expect(exitCode).toBe(1)
    expect(err).toContain('there is no configuration in')
  })
})

describe('the deployed Worker', () => {
  const REFERENCES = LITERAL.replace('ABSKliteral', 'os.environ/K').replace('sk-literal', 'os.environ/MK')

  /** Stands for wrangler and its KV. */
  function fakeWrangler(exitCode = 0) {
    const calls: string[][] = []
    let stored = ''
    const runWrangler: RunWrangler = async (args) => {
      calls.push([...args])
      const path = args[args.indexOf('--path') + 1]
      if (args.includes('put') && path !== undefined) {
        stored = await readFile(path, 'utf8')
        expect((await stat(path)).mode & 0o077).toBe(0)
      }
      return { exitCode, stdout: args.includes('get') ? `${stored}\n` : '', stderr: '' }
    }
    return { calls, runWrangler, stored: () => stored }
  }

  test('gets the JSON of the file through wrangler, never as an argument, and the file is removed', async () => {
    const wrangler = fakeWrangler()
    const { exitCode, out } = await run(['push', await file('refs.yaml', REFERENCES)], wrangler.runWrangler)
    expect(exitCode).toBe(0)
    expect(out).toContain('secrets that the Worker needs: K, MK')
    const [args = []] = wrangler.calls
    const path = args[5] ?? ''
    expect(args).toEqual(['kv', 'key', 'put', 'config', '--path', path, '--binding', 'CONFIG', '--remote'])
    expect(existsSync(path)).toBe(false)
    expect(JSON.parse(wrangler.stored())).toMatchObject({ general_settings: { master_key: 'os.environ/MK' } })
  })

  test('is not reached by a file that is faulty or holds literal secrets', async () => {
    const wrangler = fakeWrangler()
    expect((await run(['push', await file('literal.yaml', LITERAL)], wrangler.runWrangler)).exitCode).toBe(2)
    expect((await run(['push', await file('faulty.yaml', '{}')], wrangler.runWrangler)).exitCode).toBe(2)
    expect(wrangler.calls).toEqual([])
  })

  test('leaves out what is faulty as push was told to', async () => {
    const wrangler = fakeWrangler()
    const faulty =
      '  - model_name: bad\n    litellm_params: {model: bedrock/x, aws_profile_name: dev}\ngeneral_settings:'
    const path = await file('skip.yaml', REFERENCES.replace('general_settings:', faulty))
    expect((await run(['push', path], wrangler.runWrangler)).exitCode).toBe(2)
    const { exitCode, out, err } = await run(['push', '--skip-faulty', path], wrangler.runWrangler)
    expect(exitCode).toBe(0)
    expect(err).toMatch(/^warning .*skip\.yaml:4 model_list\[1\]: "bad" cannot be served and is left out/)
    expect(out).toContain('deployments 1')
    const stored: unknown = JSON.parse(wrangler.stored())
    expect(stored).toMatchObject({ general_settings: { skip_faulty: true } })
    const inWorker = await readConfig(stored, { MK: 'sk-master-key', K: 'key' })
    expect(inWorker.ok && inWorker.config.leftOut).toMatchObject([{ path: 'model_list[1]', modelName: 'bad' }])
  })

  test('that cannot be reached ends with 1 and says what to do', async () => {
    const { exitCode, err } = await run(['push', await file('refs2.yaml', REFERENCES)], fakeWrangler(1).runWrangler)
    expect(exitCode).toBe(1)
    expect(err).toContain('npm run deploy')
  })

  test('is read by pull, into a new file that can be pushed again', async () => {
    const wrangler = fakeWrangler()
    await run(['push', await file('refs3.yaml', REFERENCES)], wrangler.runWrangler)
    const target = inFolder('pulled.yaml')
    const { exitCode } = await run(['pull', target], wrangler.runWrangler)
    expect(exitCode).toBe(0)
    expect((await run(['check', target])).exitCode).toBe(0)
    const again = await run(['pull', target], wrangler.runWrangler)
    expect(again.exitCode).toBe(2)
    expect(again.err).toContain('exists already')
  })
})

describe('a file for a gateway on this machine', () => {
  test('is checked with the secrets of the environment, which are named', async () => {
    const path = await file('env.yaml', LITERAL.replace('sk-literal', 'os.environ/CONFIG_TEST_MASTER_KEY'))
    const missing = await loadConfigFile(path)
    expect(missing.ok).toBe(false)
    if (!missing.ok) {
      expect(missing.issues.map((issue) => formatIssue('env.yaml', issue))).toEqual([
        'error env.yaml:5 general_settings.master_key: the secret CONFIG_TEST_MASTER_KEY is not set: set it with "wrangler secret put CONFIG_TEST_MASTER_KEY", or export it for a local run',
      ])
    }
    process.env.CONFIG_TEST_MASTER_KEY = 'sk-from-environment'
    try {
      const loaded = await loadConfigFile(path)
      expect(loaded).toMatchObject({ ok: true, warnings: [], secrets: ['CONFIG_TEST_MASTER_KEY'] })
      expect(loaded.ok && loaded.config.masterKey).toBe('sk-from-environment')
      expect(loaded.ok && loaded.json).not.toContain('sk-from-environment')
    } finally {
      delete process.env.CONFIG_TEST_MASTER_KEY
    }
  })

  test('that is missing is one clear message', async () => {
    const loaded = await loadConfigFile(inFolder('missing.yaml'))
    expect(loaded.ok ? [] : loaded.issues.map((issue) => formatIssue('missing.yaml', issue))).toEqual([
      'error missing.yaml: there is no such file: check the path, or copy the example of the README',
    ])
  })
})
