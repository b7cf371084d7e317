/**
 * Serves `kill-worker.ts` on real workerd with its state in a folder, until it is killed. Usage: kill-host.mjs FOLDER
 * JavaScript, because this folder is checked with the Worker's types, which know no Node.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

const bundle = await build({
  entryPoints: [fileURLToPath(new URL('./kill-worker.ts', import.meta.url))],
  bundle: true,
  format: 'esm',
  write: false,
  external: ['cloudflare:workers'],
  loader: { '.sql': 'text' },
})

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules: true,
    script: bundle.outputFiles[0].text,
    compatibilityDate: '2026-10-26',
    port: 0,
    d1Databases: { DB: 'DB' },
    durableObjects: { METER: { className: 'Meter', useSQLite: true } },
    resourcePersistencePath: process.argv[2],
  }),
)
console.log(`ready ${await miniflare.ready}`)
