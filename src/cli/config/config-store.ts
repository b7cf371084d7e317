/** Where a running gateway reads its configuration from: the deployed Worker's KV, or the folder of a local gateway. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { CONFIG_KEY } from '../../config/load.ts'
import { askingWrangler, type RunWrangler, type WranglerRun } from '../wrangler.ts'

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
export function remoteStore(run: RunWrangler = askingWrangler): ConfigStore {
  const target = ['--binding', NAMESPACE, '--remote']
  // Where wrangler's words were not shown, they go in front.
  const failed = ({ exitCode, stderr }: WranglerRun, action: string): StoreResult => ({
    ok: false,
    message:
      `${stderr.trim()}\nwrangler could not ${action} (exit code ${exitCode}): log in with "wrangler login" or set CLOUDFLARE_API_TOKEN, and deploy first with "npm run deploy"`.trimStart(),
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
        const done = await run(['kv', 'key', 'put', CONFIG_KEY, '--path', file, ...target], 'shown')
        return done.exitCode === 0 ? { ok: true } : failed(done, 'write the configuration')
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    async get() {
      const done = await run(['kv', 'key', 'get', CONFIG_KEY, '--text', ...target], 'captured')
      return done.exitCode === 0 ? { ok: true, json: done.stdout } : failed(done, 'read the configuration')
    },
  }
}
