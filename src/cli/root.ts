/** Where the project lies. Tools that a command starts run there; paths that a person gives are relative to where they are. */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

export const WRANGLER_TOML = join(ROOT, 'wrangler.toml')

/** The script behind a command of an installed package, to be run with `process.execPath`: the shim in `.bin` differs by platform. */
export function toolScript(packageName: string, command: string): string {
  const folder = join(ROOT, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: Record<string, string> }
  const script = bin[command]
  if (script === undefined) throw new Error(`${packageName} has no command ${command}`)
  return join(folder, script)
}
