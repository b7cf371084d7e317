/** The Worker as one module, as `wrangler deploy` bundles it. Local runs, tests and benchmarks share this build. */
import { build } from 'esbuild'
import { ROOT } from '../root.ts'

const builds = new Map<string, Promise<string>>()

/**
 * Text of the ES module, built once per process and entry.
 *
 * @param entry path of the Worker's main module
 */
export function buildWorker(entry: string): Promise<string> {
  const known = builds.get(entry)
  if (known !== undefined) return known
  const built = bundle(entry)
  builds.set(entry, built)
  return built
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2024',
    external: ['cloudflare:*', 'node:*'],
    // As wrangler's default rule has it.
    loader: { '.sql': 'text' },
    conditions: ['workerd', 'worker', 'browser'],
    write: false,
    logLevel: 'silent',
  })
  return outputFiles.map((file) => file.text).join('')
}
