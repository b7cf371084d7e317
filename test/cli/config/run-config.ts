/** Short ways to a file on disk and to what `npm run config` says about it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { runConfigCommand } from '../../../src/cli/config/command.ts'
import type { RunWrangler } from '../../../src/cli/wrangler.ts'

/** A folder for the tests of one file, removed at their end. */
export function scratchFiles(prefix: string) {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), prefix))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const inFolder = (name: string) => join(folder, name)
  async function file(name: string, text: string): Promise<string> {
    const path = inFolder(name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
    return path
  }
  return { inFolder, file }
}

/** Runs a command and keeps what it printed. */
export async function run(argv: readonly string[], runWrangler?: RunWrangler) {
  const out: string[] = []
  const err: string[] = []
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) }
  const exitCode = await runConfigCommand(argv, runWrangler === undefined ? io : { ...io, runWrangler })
  return { exitCode, out: out.join('\n'), err: err.join('\n') }
}

/** A valid configuration whose secrets stand in it as they are. */
export const LITERAL = `model_list:
  - model_name: nova
    litellm_params: {model: bedrock/amazon.nova-lite-v1:0, aws_region_name: eu-central-1, api_key: ABSKliteral}
general_settings:
  master_key: sk-literal
`
