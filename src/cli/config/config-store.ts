/** Where a running gateway reads its configuration from: the deployed Worker's KV, or the folder of a local gateway. */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { CONFIG_KEY } from '../../config/load.ts'
import { ROOT } from '../root.ts'

/** Binding of the namespace in wrangler.toml, and its id in a local gateway. */
const NAMESPACE = 'CONFIG'

export type ConfigStore = {
  /** What a person is told the configuration was written to, or read from. */
  name: string
  put: (json: string) => Promise<StoreResult>
  /** `json` is null where nothing was ever pushed. */
  get: () => Promise<StoreResult & { json?: string | null }>
}

export type StoreResult = { ok: true } | { ok: false; message: string }

/** Runs wrangler with arguments; what it prints goes to the terminal, where it may ask for a login, or is captured. */
export type RunWrangler = (
  args: readonly string[],
  output: 'shown' | 'captured',
) => Promise<{ exitCode: number; stdout: string }>

/** The folder that `npm start -- --persist DIR` was given. */
export function localStore(folder: string): ConfigStore {
  const path = resolve(folder)
  async function withNamespace<T>(use: (namespace: KvNamespace) => Promise<T>): Promise<T> {
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        modules: true,
        script: 'export default {}',
        kvNamespaces: { [NAMESPACE]: NAMESPACE },
        resourcePersistencePath: path,
      }),
    )
    try {
      return await use(await miniflare.getKVNamespace(NAMESPACE))
    } finally {
      await miniflare.dispose()
    }
  }
  return {
    name: path,
    async put(json) {
      await withNamespace((namespace) => namespace.put(CONFIG_KEY, json))
      return { ok: true }
    },
    async get() {
      return { ok: true, json: await withNamespace((namespace) => namespace.get(CONFIG_KEY)) }
    },
  }
}

type KvNamespace = { put: (key: string, value: string) => Promise<void>; get: (key: string) => Promise<string | null> }

/** KV of the deployed Worker. Wrangler finds the namespace by its binding, once the Worker has been deployed. */
export function remoteStore(run: RunWrangler = runWrangler): ConfigStore {
  const target = ['--binding', NAMESPACE, '--remote']
  const failed = (exitCode: number, action: string): StoreResult => ({
    ok: false,
    message: `wrangler could not ${action} (exit code ${exitCode}): log in with "wrangler login" or set CLOUDFLARE_API_TOKEN, and deploy first with "npm run deploy"`,
  })
  return {
    name: 'the KV of the deployed Worker',
    async put(json) {
      // A file rather than an argument: arguments are visible to every process and bounded in length.
      const folder = await mkdtemp(join(tmpdir(), 'bedrock-edge-config-'))
      try {
        await chmod(folder, 0o700)
        const file = join(folder, 'config.json')
        await writeFile(file, json, { mode: 0o600 })
        const { exitCode } = await run(['kv', 'key', 'put', CONFIG_KEY, '--path', file, ...target], 'shown')
        return exitCode === 0 ? { ok: true } : failed(exitCode, 'write the configuration')
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    async get() {
      const { exitCode, stdout } = await run(['kv', 'key', 'get', CONFIG_KEY, '--text', ...target], 'captured')
      return exitCode === 0 ? { ok: true, json: stdout } : failed(exitCode, 'read the configuration')
    },
  }
}

async function runWrangler(
  args: readonly string[],
  output: 'shown' | 'captured',
): Promise<{ exitCode: number; stdout: string }> {
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const stdout = output === 'shown' ? 'inherit' : 'pipe'
  const child = spawn(process.execPath, [wrangler, ...args], { cwd: ROOT, stdio: ['inherit', stdout, 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const exitCode = await new Promise<number>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done(code ?? 1))
  })
  return { exitCode, stdout: Buffer.concat(chunks).toString('utf8') }
}
