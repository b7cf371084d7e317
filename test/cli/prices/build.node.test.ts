/** The build on the real sources, and the command around it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runPricesCommand } from '../../../src/cli/prices/command.ts'
import { ROOT } from '../../../src/cli/root.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'

const FOLDER = join(ROOT, '../shared/prices')
const CATALOGUE = join(ROOT, 'src/ledger/prices/catalogue.json')

const scratch = mkdtempSync(join(tmpdir(), 'prices-'))
afterAll(() => rmSync(scratch, { recursive: true }))

let said: string
beforeEach(() => {
  said = ''
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said += text
      return true
    })
  }
})
afterEach(() => vi.restoreAllMocks())

describe.skipIf(!existsSync(FOLDER))(
  'npm run prices on the shared sources (skipped: ../shared/prices is absent)',
  () => {
    it('gives the catalogue that is checked in', async () => {
      expect(await runPricesCommand(['--check'])).toBe(0)
      expect(said).toContain(`version ${BUNDLED_CATALOGUE.version}`)
    })

    it('fails and writes nothing when a source changes one price', async () => {
      const before = readFileSync(CATALOGUE, 'utf8')
      const file = join(scratch, 'litellm.json')
      const text = readFileSync(join(FOLDER, 'litellm-bedrock.json'), 'utf8')
      const entries = JSON.parse(text) as Record<string, Record<string, unknown>>
      writeFileSync(
        file,
        JSON.stringify({
          ...entries,
          'us.anthropic.claude-opus-5': { ...entries['us.anthropic.claude-opus-5'], input_cost_per_token: 6e-6 },
        }),
      )
      expect(await runPricesCommand(['--litellm', file])).toBe(1)
      expect(said).toContain(
        'not written down: litellm us.anthropic.claude-opus-5 default us-east-1 lists {"input":"0.000006"}',
      )
      expect(readFileSync(CATALOGUE, 'utf8')).toBe(before)
    })

    it('reads sources from URLs as well', async () => {
      const server = createServer((request, response) => {
        const name = (request.url ?? '').slice(1)
        if (existsSync(join(FOLDER, name))) response.end(readFileSync(join(FOLDER, name)))
        else response.writeHead(404).end()
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      try {
        expect(
          await runPricesCommand([
            '--check',
            '--litellm',
            `${base}/litellm-bedrock.json`,
            '--lmux',
            `${base}/lmux-bedrock.json`,
          ]),
        ).toBe(0)
        expect(await runPricesCommand(['--check', '--lmux', `${base}/none.json`])).toBe(2)
        expect(said).toContain('answers 404')
      } finally {
        server.close()
      }
    })
  },
)

describe('npm run prices', () => {
  it.each([
    [['--surprise'], 'usage:'],
    [['--day', 'tomorrow'], '--day tomorrow'],
    [['--source', 'nobody=1@2026-01-01'], 'expected NAME=VERSION@DAY'],
    [['--from', join(scratch, 'none')], 'cannot be used'],
  ])('ends with 2 and says why for %j', async (argv, message) => {
    expect(await runPricesCommand(argv)).toBe(2)
    expect(said).toContain(message)
  })
})
